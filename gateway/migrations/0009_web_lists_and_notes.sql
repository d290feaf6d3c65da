-- When the session ended, for the purge. Of those that ended before, it is not known: they count from now.
alter table web_mappings add column ended_at timestamptz;
update web_mappings set ended_at = now() where state = 'ended';
create index web_mappings_ended on web_mappings (ended_at) where state = 'ended';

-- Also of a gateway of the version before, which does not know the column.
create function web_mappings_end() returns trigger language plpgsql as $$
begin
  new.ended_at := now();
  return new;
end
$$;
create trigger web_mappings_end before update of state on web_mappings
  for each row when (new.state = 'ended' and old.state <> 'ended')
  execute function web_mappings_end();

-- The changed entry is named, so that nobody has to read the whole list again. Gateways of the version before
-- listen to the first channel.
create or replace function web_mappings_changed() returns trigger language plpgsql as $$
begin
  perform pg_notify('amp_gateway_web_sessions', coalesce(new.user_id, old.user_id));
  if new.session_id is not null then
    perform pg_notify('amp_gateway_web_session', new.mapping_id || new.user_id);
  end if;
  return null;
end
$$;

-- Notes are found by the stems of their words.
alter table web_memories add column words tsvector
  generated always as (to_tsvector('english', category || ' ' || left(content, 20000))) stored;
create index web_memories_words on web_memories using gin (words);

-- What was said to the notes in a session, for its transcript: no agent hears of it.
create table web_asides (
  id bigint generated always as identity primary key,
  user_id text not null,
  session_id text not null,
  request_id text not null,
  message text not null,
  response text not null,
  action text not null check (action in ('remember', 'recall')),
  created_at timestamptz not null default now(),
  unique (user_id, request_id)
);
create index web_asides_session on web_asides (session_id, created_at);
