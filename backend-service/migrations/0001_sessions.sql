-- Running backends. A replica owns sessions as long as its lease lasts.
create table replicas (
  replica_id uuid primary key,
  address text not null,
  heartbeat_at timestamptz not null,
  lease_until timestamptz not null
);

-- Times are in milliseconds, so that a page token can hold one exactly.
create table sessions (
  session_id text collate "C" primary key,
  agent text not null,
  working_dir text not null,
  project text not null,
  description text not null,
  origin_surface text,
  origin_user text,
  origin_conversation text,
  create_request_id text,
  state text not null default 'active' check (state in ('active', 'ended')),
  end_reason text not null default '',
  created_at timestamptz(3) not null default now(),
  last_active_at timestamptz(3) not null default now(),
  ended_at timestamptz(3),
  -- Who runs its turns. The epoch grows with every change of owner; a write
  -- that carries an older one is refused.
  owner uuid,
  epoch bigint not null default 0,
  turn_count integer not null default 0,
  open_turns integer not null default 0 check (open_turns >= 0),
  constraint sessions_create_request unique (create_request_id)
);

create index sessions_recent on sessions (last_active_at desc, session_id desc);
create index sessions_recent_of_project on sessions (project, last_active_at desc, session_id desc);
create index sessions_with_open_turns on sessions (session_id) where open_turns > 0;

-- The lowest open turn of a session runs; the other open ones wait.
create table turns (
  session_id text collate "C" not null references sessions on delete cascade,
  seq integer not null,
  request_id text not null,
  message text not null,
  author_surface text,
  author_user text,
  author_display_name text,
  state text not null default 'open'
    check (state in ('open', 'completed', 'failed', 'cancelled', 'interrupted')),
  reply text not null default '',
  thought text not null default '',
  tool_calls jsonb not null default '[]',
  failure jsonb,
  usage jsonb,
  created_at timestamptz(3) not null default now(),
  finished_at timestamptz(3),
  primary key (session_id, seq),
  constraint turns_request unique (session_id, request_id)
);

create index turns_open on turns (session_id, seq) where state = 'open';
