-- What migrations/ makes of an empty database. Written by `npm run generate`, checked by `npm run verify`.

create table endings_cursor (
  id boolean default true not null,
  cursor text not null,
  stored_at timestamp with time zone default now() not null,
  constraint endings_cursor_id_check CHECK (id),
  constraint endings_cursor_pkey PRIMARY KEY (id)
);

create table slack_inbox (
  id bigint generated always as identity not null,
  dedupe_key text not null,
  lane text not null,
  request_id uuid default gen_random_uuid() not null,
  body jsonb not null,
  status text default 'waiting'::text not null,
  attempts integer default 0 not null,
  last_error text,
  received_at timestamp with time zone default now() not null,
  finished_at timestamp with time zone,
  kind text,
  version integer,
  delivery jsonb,
  gesture text,
  crashes integer default 0 not null,
  mapping_id bigint,
  constraint slack_inbox_dedupe_key_key UNIQUE (dedupe_key),
  constraint slack_inbox_mapping_id_fkey FOREIGN KEY (mapping_id) REFERENCES slack_mappings(id) ON DELETE SET NULL,
  constraint slack_inbox_pkey PRIMARY KEY (id),
  constraint slack_inbox_status_check CHECK ((status = ANY (ARRAY['waiting'::text, 'done'::text, 'dead'::text])))
);

create table slack_lanes (
  lane text not null,
  next_at timestamp with time zone default now() not null,
  owner integer,
  lease_until timestamp with time zone,
  quick boolean default false not null,
  calm boolean default false not null,
  suspect boolean default false not null,
  constraint slack_lanes_pkey PRIMARY KEY (lane)
);

create table slack_mappings (
  id bigint generated always as identity not null,
  team_id text not null,
  channel_id text not null,
  thread_ts text,
  session_id text,
  begun boolean default false not null,
  state text default 'reserved'::text not null,
  created_by text not null,
  project_id text default ''::text not null,
  description text default ''::text not null,
  working_dir text default ''::text not null,
  created_at timestamp with time zone default now() not null,
  last_active timestamp with time zone default now() not null,
  ended_at timestamp with time zone,
  end_reason text,
  inbox_id bigint not null,
  unchecked boolean default true not null,
  ending_inbox_id bigint,
  writers text[] default '{}'::text[] not null,
  constraint slack_mappings_inbox_id_key UNIQUE (inbox_id),
  constraint slack_mappings_pkey PRIMARY KEY (id),
  constraint slack_mappings_state_check CHECK ((state = ANY (ARRAY['reserved'::text, 'active'::text, 'ended'::text])))
);

create table slack_orphans (
  request_id uuid not null,
  request jsonb not null,
  since timestamp with time zone default now() not null,
  constraint slack_orphans_pkey PRIMARY KEY (request_id)
);

create table slack_outbox (
  id uuid default gen_random_uuid() not null,
  inbox_id bigint not null,
  part integer not null,
  channel_id text not null,
  thread_ts text,
  message jsonb not null,
  response_url text,
  mapping_id bigint,
  state text default 'new'::text not null,
  tried_at timestamp with time zone,
  ts text,
  in_flight boolean default false not null,
  failed boolean default false not null,
  gave_up boolean default false not null,
  refusal text,
  only_user text,
  constraint slack_outbox_inbox_id_fkey FOREIGN KEY (inbox_id) REFERENCES slack_inbox(id) ON DELETE CASCADE,
  constraint slack_outbox_inbox_id_part_key UNIQUE (inbox_id, part),
  constraint slack_outbox_mapping_id_fkey FOREIGN KEY (mapping_id) REFERENCES slack_mappings(id) ON DELETE SET NULL,
  constraint slack_outbox_pkey PRIMARY KEY (id),
  constraint slack_outbox_state_check CHECK ((state = ANY (ARRAY['new'::text, 'sending'::text, 'sent'::text, 'refused'::text])))
);

create table slack_told (
  key text not null,
  told_at timestamp with time zone default now() not null,
  constraint slack_told_pkey PRIMARY KEY (key)
);

create table slack_worker_leases (
  worker integer not null,
  lease_until timestamp with time zone not null,
  constraint slack_worker_leases_pkey PRIMARY KEY (worker)
);

create table web_asides (
  id bigint generated always as identity not null,
  user_id text not null,
  session_id text not null,
  request_id text not null,
  message text not null,
  response text not null,
  action text not null,
  created_at timestamp with time zone default now() not null,
  constraint web_asides_action_check CHECK ((action = ANY (ARRAY['remember'::text, 'recall'::text]))),
  constraint web_asides_pkey PRIMARY KEY (id),
  constraint web_asides_user_id_request_id_key UNIQUE (user_id, request_id)
);

create table web_mappings (
  mapping_id uuid default gen_random_uuid() not null,
  user_id text not null,
  request_id text,
  state text default 'opening'::text not null,
  is_active boolean default false not null,
  session_id text,
  agent text not null,
  working_dir text not null,
  project_id text default ''::text not null,
  description text not null,
  created_at timestamp with time zone default now() not null,
  last_active timestamp with time zone default now() not null,
  unchecked boolean default true not null,
  untold boolean default false not null,
  ended_at timestamp with time zone,
  constraint web_mappings_check CHECK (((state = 'active'::text) OR (NOT is_active))),
  constraint web_mappings_check1 CHECK (((session_id IS NOT NULL) OR (state = ANY (ARRAY['opening'::text, 'abandoned'::text])))),
  constraint web_mappings_pkey PRIMARY KEY (mapping_id),
  constraint web_mappings_state_check CHECK ((state = ANY (ARRAY['opening'::text, 'active'::text, 'ending'::text, 'ended'::text, 'abandoned'::text]))),
  constraint web_mappings_user_id_request_id_key UNIQUE (user_id, request_id),
  constraint web_mappings_user_id_session_id_key UNIQUE (user_id, session_id)
);

create table web_memories (
  user_id text not null,
  number integer not null,
  request_id text,
  category text not null,
  content text not null,
  tags text[] not null,
  created_at timestamp with time zone default now() not null,
  words tsvector generated always as (to_tsvector('english'::regconfig, ((category || ' '::text) || "left"(content, 20000)))) stored,
  constraint web_memories_pkey PRIMARY KEY (user_id, number),
  constraint web_memories_user_id_request_id_key UNIQUE (user_id, request_id)
);

CREATE INDEX slack_inbox_dead ON slack_inbox USING btree (finished_at) WHERE (status = 'dead'::text);

CREATE INDEX slack_inbox_finished ON slack_inbox USING btree (finished_at) WHERE (status = 'done'::text);

CREATE UNIQUE INDEX slack_inbox_gesture ON slack_inbox USING btree (gesture) WHERE (gesture IS NOT NULL);

CREATE INDEX slack_inbox_kept ON slack_inbox USING btree (mapping_id) WHERE (mapping_id IS NOT NULL);

CREATE INDEX slack_inbox_questions ON slack_inbox USING btree (((body ->> 'sessionId'::text))) WHERE ((body ->> 'type'::text) = 'amp_question'::text);

CREATE INDEX slack_inbox_unfinished ON slack_inbox USING btree (received_at) WHERE (status <> 'done'::text);

CREATE INDEX slack_inbox_waiting ON slack_inbox USING btree (lane, id) WHERE (status = 'waiting'::text);

CREATE INDEX slack_lanes_free ON slack_lanes USING btree (quick, next_at) WHERE (owner IS NULL);

CREATE INDEX slack_lanes_owned ON slack_lanes USING btree (owner) WHERE (owner IS NOT NULL);

CREATE UNIQUE INDEX slack_mappings_active ON slack_mappings USING btree (team_id, channel_id, COALESCE(thread_ts, ''::text)) WHERE (state = 'active'::text);

CREATE INDEX slack_mappings_active_session ON slack_mappings USING btree (session_id) WHERE (state = 'active'::text);

CREATE INDEX slack_mappings_ended ON slack_mappings USING btree (ended_at) WHERE (state = 'ended'::text);

CREATE INDEX slack_mappings_place ON slack_mappings USING btree (team_id, channel_id, COALESCE(thread_ts, ''::text), id);

CREATE INDEX slack_mappings_reserved ON slack_mappings USING btree (id) WHERE (state = 'reserved'::text);

CREATE INDEX slack_mappings_session ON slack_mappings USING btree (session_id);

CREATE INDEX slack_mappings_slots ON slack_mappings USING btree (team_id, created_by) WHERE (state <> 'ended'::text);

CREATE INDEX slack_mappings_unchecked ON slack_mappings USING btree (id) WHERE ((state = 'active'::text) AND unchecked);

CREATE INDEX slack_outbox_mapping ON slack_outbox USING btree (mapping_id) WHERE (mapping_id IS NOT NULL);

CREATE INDEX slack_outbox_refused ON slack_outbox USING btree (inbox_id) WHERE (refusal IS NOT NULL);

CREATE INDEX slack_outbox_roots ON slack_outbox USING btree (channel_id) WHERE ((mapping_id IS NOT NULL) AND (state = 'sending'::text));

CREATE INDEX slack_told_at ON slack_told USING btree (told_at);

CREATE INDEX web_asides_session ON web_asides USING btree (session_id, created_at);

CREATE INDEX web_mappings_active_session ON web_mappings USING btree (session_id) WHERE (state = 'active'::text);

CREATE INDEX web_mappings_by_session ON web_mappings USING btree (session_id);

CREATE INDEX web_mappings_ended ON web_mappings USING btree (ended_at) WHERE (state = 'ended'::text);

CREATE INDEX web_mappings_of_user ON web_mappings USING btree (user_id, last_active DESC);

CREATE UNIQUE INDEX web_mappings_one_active ON web_mappings USING btree (user_id) WHERE is_active;

CREATE INDEX web_mappings_unchecked ON web_mappings USING btree (mapping_id) WHERE ((state = 'active'::text) AND unchecked);

CREATE INDEX web_mappings_unfinished ON web_mappings USING btree (state, last_active) WHERE (state = ANY (ARRAY['opening'::text, 'ending'::text, 'abandoned'::text]));

CREATE INDEX web_mappings_untold ON web_mappings USING btree (user_id) WHERE untold;

CREATE INDEX web_memories_words ON web_memories USING gin (words);

CREATE OR REPLACE FUNCTION slack_let_go(released text, worker integer, pause interval)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
begin
  perform 1 from slack_lanes where lane = released and owner = worker for update;
  if not found then
    return false;
  end if;
  if exists (select from slack_inbox where lane = released and status = 'waiting') then
    update slack_lanes
    set owner = null, lease_until = null, suspect = false, next_at = now() + pause
    where lane = released;
    return true;
  end if;
  delete from slack_lanes where lane = released;
  return false;
end
$function$;

CREATE OR REPLACE FUNCTION slack_release_lane(released text, worker integer, pause interval)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  perform 1 from slack_lanes where lane = released and owner = worker for update;
  if not found then
    return;
  end if;
  if exists (select from slack_inbox where lane = released and status = 'waiting') then
    update slack_lanes set owner = null, lease_until = null, next_at = now() + pause
    where lane = released;
  else
    delete from slack_lanes where lane = released;
  end if;
end
$function$;

CREATE OR REPLACE FUNCTION slack_take_lanes(gone integer[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  struck bigint[];
begin
  perform 1 from slack_lanes where owner = any(gone) order by lane for update;
  select array_agg(head) into struck from (
    select min(id) as head from slack_lanes join slack_inbox using (lane)
    where owner = any(gone) and not calm and status = 'waiting' group by lane
  ) as heads;
  update slack_inbox set crashes = crashes + 1 where id = any(struck);
  update slack_lanes set owner = null, lease_until = null, next_at = now(), suspect = false
  where owner = any(gone);
  update slack_lanes set suspect = true, next_at = now() + crashes * interval '2 seconds'
  from slack_inbox
  where slack_lanes.owner is null and slack_inbox.lane = slack_lanes.lane
    and slack_inbox.id = any(struck) and crashes > 1;
  delete from slack_worker_leases where worker = any(gone);
end
$function$;

CREATE OR REPLACE FUNCTION slack_try_again(delivery_id bigint)
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO 'amp_gateway'
AS $function$
declare
  its_lane text;
begin
  select lane into its_lane from slack_inbox where id = delivery_id and status = 'dead';
  if not found then
    return false;
  end if;
  -- The lane first, as whoever stores a delivery locks it.
  -- A conversation's own lane has three parts: team, channel and thread.
  insert into slack_lanes (lane, quick)
    values (its_lane, cardinality(string_to_array(its_lane, ':')) <> 3)
    on conflict (lane) do update set next_at = now();
  update slack_inbox
    set status = 'waiting', attempts = 0, last_error = null, finished_at = null
    where id = delivery_id and status = 'dead';
  if not found then
    return false;
  end if;
  delete from slack_outbox where inbox_id = delivery_id and gave_up;
  update slack_outbox set state = 'new', refusal = null
    where inbox_id = delivery_id and refusal is not null;
  perform pg_notify('slack_inbox', '');
  return true;
end
$function$;

CREATE OR REPLACE FUNCTION web_mappings_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform pg_notify('amp_gateway_web_sessions', coalesce(new.user_id, old.user_id));
  if new.session_id is not null then
    perform pg_notify('amp_gateway_web_session', new.mapping_id || new.user_id);
  end if;
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION web_mappings_end()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  new.ended_at := now();
  return new;
end
$function$;

CREATE TRIGGER web_mappings_changed AFTER INSERT OR DELETE OR UPDATE OF user_id, state, is_active, session_id, agent, working_dir, project_id, description, last_active ON web_mappings FOR EACH ROW EXECUTE FUNCTION web_mappings_changed();

CREATE TRIGGER web_mappings_end BEFORE UPDATE OF state ON web_mappings FOR EACH ROW WHEN (((new.state = 'ended'::text) AND (old.state <> 'ended'::text))) EXECUTE FUNCTION web_mappings_end();
