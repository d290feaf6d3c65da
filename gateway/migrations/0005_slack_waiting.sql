-- What comes in is parsed once, where it comes in, and what was understood is stored beside what was delivered.
alter table slack_inbox
  -- 'delivery', or one of the kinds of row that the gateway writes for itself. Null: written by the version
  -- before, which told them apart by the body.
  add column kind text,
  -- The parsed delivery, and the version of its shape. A gateway leaves a version that it does not know to a
  -- newer gateway.
  add column version integer,
  add column delivery jsonb,
  -- Names what a person did when Slack makes two messages of it.
  add column gesture text,
  -- How often the process that worked on it was gone within seconds.
  add column crashes integer not null default 0,
  -- Kept for as long as this mapping: its conversation shows a button that needs the row.
  add column mapping_id bigint references slack_mappings on delete set null;
create unique index slack_inbox_gesture on slack_inbox (gesture) where gesture is not null;
create index slack_inbox_kept on slack_inbox (mapping_id) where mapping_id is not null;
create index slack_inbox_dead on slack_inbox (finished_at) where status = 'dead';

alter table slack_lanes
  -- Whether its rows never wait for a turn: clicks, commands, questions, ends.
  add column quick boolean not null default false,
  -- Whether its owner has had it for long enough that the row at work does not kill its process.
  add column calm boolean not null default false,
  -- Whether the row at its head was at work in several processes when they were gone: it is worked alone.
  add column suspect boolean not null default false;
create index slack_lanes_free on slack_lanes (quick, next_at) where owner is null;
create index slack_lanes_owned on slack_lanes (owner) where owner is not null;
drop index slack_lanes_due;

-- The workers that own lanes. A lane's own lease is infinite then, so that it costs nothing to keep.
create table slack_worker_leases (
  worker integer primary key,
  lease_until timestamptz not null
);

-- Lets go of a lane; returns whether something waits in it. Like slack_release_lane, of which the version before knows.
create function slack_let_go(released text, worker integer, pause interval) returns boolean
language plpgsql as $$
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
$$;

-- Makes the lanes of workers that are gone due at once. A row that was at work only for seconds may be what
-- ended its process; one that has been at work in several of them is suspect.
create function slack_take_lanes(gone integer[]) returns void
language plpgsql as $$
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
$$;

create index slack_mappings_reserved on slack_mappings (id) where state = 'reserved';
create index slack_mappings_ended on slack_mappings (ended_at) where state = 'ended';

-- Sessions whose making was given up without knowing whether they were made: they are made again, by the same
-- request, and ended.
create table slack_orphans (
  request_id uuid primary key,
  request jsonb not null,
  since timestamptz not null default now()
);
