-- What Slack delivered, worked in order within a lane, whichever process works it.
create table slack_inbox (
  id bigint generated always as identity primary key,
  -- Names the user's act: Slack's retries and its message + app_mention pair share it.
  dedupe_key text not null unique,
  lane text not null,
  -- Makes calls to the backend idempotent; unlike the id, never given twice by a database that was set up anew.
  request_id uuid not null default gen_random_uuid(),
  body jsonb not null,
  status text not null default 'waiting' check (status in ('waiting', 'done', 'dead')),
  attempts integer not null default 0,
  last_error text,
  received_at timestamptz not null default now(),
  finished_at timestamptz
);
create index slack_inbox_waiting on slack_inbox (lane, id) where status = 'waiting';
create index slack_inbox_finished on slack_inbox (finished_at) where status = 'done';
create index slack_inbox_unfinished on slack_inbox (received_at) where status <> 'done';

-- One row a lane that has, or had a moment ago, something waiting.
create table slack_lanes (
  lane text primary key,
  next_at timestamptz not null default now(),
  -- The worker that drains it. Alive while it holds the advisory lock of this number, or until the lease ends.
  owner integer,
  lease_until timestamptz
);
create index slack_lanes_due on slack_lanes (next_at);
create sequence slack_workers as integer;

-- Lets go of a lane. The lock comes first, in a statement of its own: a single
-- statement would look for waiting rows with a snapshot from before the lock,
-- and so miss a row whose sender held it.
create function slack_release_lane(released text, worker integer, pause interval) returns void
language plpgsql as $$
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
$$;

-- Which session a conversation talks to. 'reserved' holds a slot of the user
-- while the session and its place are being made; it routes nothing.
create table slack_mappings (
  id bigint generated always as identity primary key,
  team_id text not null,
  channel_id text not null,
  -- Null: the conversation is the whole channel, as in a direct message.
  thread_ts text,
  session_id text,
  -- Whether the session was begun for this mapping, and is to end if the mapping finds no place.
  begun boolean not null default false,
  state text not null default 'reserved' check (state in ('reserved', 'active', 'ended')),
  created_by text not null,
  project_id text not null default '',
  description text not null default '',
  working_dir text not null default '',
  created_at timestamptz not null default now(),
  last_active timestamptz not null default now(),
  ended_at timestamptz,
  end_reason text,
  -- The delivery that began it: a repeat finds its own reservation.
  inbox_id bigint not null unique
);
create unique index slack_mappings_active
  on slack_mappings (team_id, channel_id, coalesce(thread_ts, '')) where state = 'active';
create index slack_mappings_place on slack_mappings (team_id, channel_id, coalesce(thread_ts, ''), id);
create index slack_mappings_slots on slack_mappings (team_id, created_by) where state <> 'ended';

-- Replies: a row before they are a post.
create table slack_outbox (
  -- Stands in the post's metadata, so that a post of unknown outcome can be found.
  id uuid primary key default gen_random_uuid(),
  inbox_id bigint not null references slack_inbox on delete cascade,
  part integer not null,
  channel_id text not null,
  thread_ts text,
  message jsonb not null,
  -- Where a slash command can be answered in a channel that the app is not in.
  response_url text,
  -- Becomes active in the thread of this post.
  mapping_id bigint references slack_mappings on delete set null,
  state text not null default 'new' check (state in ('new', 'sending', 'sent', 'refused')),
  tried_at timestamptz,
  ts text,
  unique (inbox_id, part)
);
create index slack_outbox_roots on slack_outbox (channel_id) where mapping_id is not null and state = 'sending';
