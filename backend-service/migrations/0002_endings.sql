-- Up to now every ended session was ended by somebody; says nothing while it is alive.
alter table sessions add column end_kind text not null default 'ended'
  check (end_kind in ('ended', 'expired'));

create index sessions_active on sessions (last_active_at) where state = 'active';
create index sessions_ended on sessions (ended_at) where state = 'ended';

-- A draining replica takes nothing more, and its sessions without open turns are free.
alter table replicas add column draining boolean not null default false;

-- Numbers the endings. Its only row is locked from an ending's number to its
-- commit: numbers are committed in order and without gaps, so that whoever read
-- up to one has missed none.
create table endings_position (
  -- Which feed this is; numbers of another database's mean nothing here.
  feed text collate "C" primary key default gen_random_uuid()::text,
  last bigint not null default 0
);
create unique index endings_one_position on endings_position ((true));
insert into endings_position default values;

create table endings (
  number bigint primary key,
  session_id text collate "C" not null,
  kind text not null,
  reason text not null,
  ended_at timestamptz(3) not null
);

-- All that an end brings with it. A session is ended by one statement that is a
-- transaction of its own, so that nobody keeps endings_position locked while the
-- network or a stopped process makes it wait.
create function session_ended() returns trigger language plpgsql as $$
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
$$;

create trigger session_ended after update of state on sessions
for each row when (old.state = 'active' and new.state = 'ended')
execute function session_ended();
