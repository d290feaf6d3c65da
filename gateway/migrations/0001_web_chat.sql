-- Which sessions a web user has, and which of them is the one meant when none is named.
-- The states, what leaves each, and what a crash does there, are told in src/web/store/mappings.ts.
create table web_mappings (
  mapping_id uuid primary key default gen_random_uuid(),
  user_id text not null,
  -- The caller's; a repeat answers the same mapping.
  request_id text,
  state text not null default 'opening'
    check (state in ('opening', 'active', 'ending', 'ended', 'abandoned')),
  is_active boolean not null default false,
  session_id text,
  agent text not null,
  working_dir text not null,
  project_id text not null default '',
  description text not null,
  created_at timestamptz not null default now(),
  last_active timestamptz not null default now(),
  unique (user_id, request_id),
  unique (user_id, session_id),
  check (state = 'active' or not is_active),
  check (session_id is not null or state in ('opening', 'abandoned'))
);

create unique index web_mappings_one_active on web_mappings (user_id) where is_active;
create index web_mappings_by_session on web_mappings (session_id);
create index web_mappings_of_user on web_mappings (user_id, last_active desc);
create index web_mappings_unfinished on web_mappings (state, last_active)
  where state in ('opening', 'ending', 'abandoned');

-- Every change of a user's list reaches the open event streams of all gateways.
create function web_mappings_changed() returns trigger language plpgsql as $$
begin
  perform pg_notify('amp_gateway_web_sessions', coalesce(new.user_id, old.user_id));
  return null;
end
$$;

create trigger web_mappings_changed after insert or update or delete on web_mappings
  for each row execute function web_mappings_changed();

-- What users asked to be remembered.
create table web_memories (
  user_id text not null,
  number integer not null,
  -- The caller's; a repeat is remembered once.
  request_id text,
  category text not null,
  content text not null,
  tags text[] not null,
  created_at timestamptz not null default now(),
  primary key (user_id, number),
  unique (user_id, request_id)
);
