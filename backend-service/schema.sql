-- What migrations/ makes of an empty database. Written by `npm run generate`, checked by `npm run verify`.

create table approvals (
  session_id text not null,
  approval_id text not null,
  seq integer not null,
  tool_call_id text not null,
  title text not null,
  content text not null,
  options jsonb not null,
  requested_at timestamp with time zone default clock_timestamp() not null,
  option_id text,
  decided_surface text,
  decided_user text,
  decided_display_name text,
  decided_at timestamp with time zone,
  constraint approvals_check CHECK (((option_id IS NULL) = (decided_at IS NULL))),
  constraint approvals_pkey PRIMARY KEY (session_id, approval_id),
  constraint approvals_session_id_seq_fkey FOREIGN KEY (session_id, seq) REFERENCES turns(session_id, seq) ON DELETE CASCADE
);

create table endings (
  number bigint not null,
  session_id text not null,
  kind text not null,
  reason text not null,
  ended_at timestamp(3) with time zone not null,
  constraint endings_pkey PRIMARY KEY (number)
);

create table endings_position (
  feed text default (gen_random_uuid())::text not null,
  last bigint default 0 not null,
  constraint endings_position_pkey PRIMARY KEY (feed)
);

create table replicas (
  replica_id uuid not null,
  address text not null,
  heartbeat_at timestamp with time zone not null,
  lease_until timestamp with time zone not null,
  draining boolean default false not null,
  constraint replicas_pkey PRIMARY KEY (replica_id)
);

create table sessions (
  session_id text not null,
  agent text not null,
  working_dir text not null,
  project text not null,
  description text not null,
  origin_surface text,
  origin_user text,
  origin_conversation text,
  create_request_id text,
  state text default 'active'::text not null,
  end_reason text default ''::text not null,
  created_at timestamp(3) with time zone default now() not null,
  last_active_at timestamp(3) with time zone default now() not null,
  ended_at timestamp(3) with time zone,
  owner uuid,
  epoch bigint default 0 not null,
  turn_count integer default 0 not null,
  open_turns integer default 0 not null,
  end_kind text default 'ended'::text not null,
  constraint sessions_create_request UNIQUE (create_request_id),
  constraint sessions_end_kind_check CHECK ((end_kind = ANY (ARRAY['ended'::text, 'expired'::text]))),
  constraint sessions_open_turns_check CHECK ((open_turns >= 0)),
  constraint sessions_pkey PRIMARY KEY (session_id),
  constraint sessions_state_check CHECK ((state = ANY (ARRAY['active'::text, 'ended'::text])))
);

create table turns (
  session_id text not null,
  seq integer not null,
  request_id text not null,
  message text not null,
  author_surface text,
  author_user text,
  author_display_name text,
  state text default 'open'::text not null,
  reply text default ''::text not null,
  thought text default ''::text not null,
  tool_calls jsonb default '[]'::jsonb not null,
  failure jsonb,
  usage jsonb,
  created_at timestamp(3) with time zone default now() not null,
  finished_at timestamp(3) with time zone,
  begun_at timestamp with time zone default now(),
  runs integer default 0 not null,
  constraint turns_pkey PRIMARY KEY (session_id, seq),
  constraint turns_request UNIQUE (session_id, request_id),
  constraint turns_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions(session_id) ON DELETE CASCADE,
  constraint turns_state_check CHECK ((state = ANY (ARRAY['open'::text, 'completed'::text, 'failed'::text, 'cancelled'::text, 'interrupted'::text])))
);

CREATE INDEX approvals_of_turn ON approvals USING btree (session_id, seq);

CREATE UNIQUE INDEX endings_one_position ON endings_position USING btree ((true));

CREATE INDEX sessions_active ON sessions USING btree (last_active_at) WHERE (state = 'active'::text);

CREATE INDEX sessions_ended ON sessions USING btree (ended_at) WHERE (state = 'ended'::text);

CREATE INDEX sessions_recent ON sessions USING btree (last_active_at DESC, session_id DESC);

CREATE INDEX sessions_recent_of_project ON sessions USING btree (project, last_active_at DESC, session_id DESC);

CREATE INDEX sessions_with_open_turns ON sessions USING btree (session_id) WHERE (open_turns > 0);

CREATE INDEX turns_open ON turns USING btree (session_id, seq) WHERE (state = 'open'::text);

CREATE OR REPLACE FUNCTION session_ended()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  n bigint;
begin
  -- Sees also the turns accepted while the end waited for the session.
  update turns set state = 'cancelled', finished_at = new.ended_at
  where session_id = new.session_id and state = 'open';
  update endings_position set last = last + 1 returning last into n;
  insert into endings (number, session_id, kind, reason, ended_at)
  values (n, new.session_id, new.end_kind, new.end_reason, new.ended_at);
  perform pg_notify('amp_session_ended', new.session_id);
  return null;
end
$function$;

CREATE TRIGGER session_ended AFTER UPDATE OF state ON sessions FOR EACH ROW WHEN (((old.state = 'active'::text) AND (new.state = 'ended'::text))) EXECUTE FUNCTION session_ended();
