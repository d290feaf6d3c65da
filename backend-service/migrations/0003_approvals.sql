-- What agents asked in their turns. One that nobody decided waits while its turn
-- is open, and has expired when it is not; the id is made of the question, so that
-- a turn that is run again finds what it asked before.
create table approvals (
  session_id text collate "C" not null,
  approval_id text collate "C" not null,
  seq integer not null,
  tool_call_id text not null,
  title text not null,
  content text not null,
  options jsonb not null,
  requested_at timestamptz not null default clock_timestamp(),
  option_id text,
  decided_surface text,
  decided_user text,
  decided_display_name text,
  decided_at timestamptz,
  primary key (session_id, approval_id),
  foreign key (session_id, seq) references turns on delete cascade,
  check ((option_id is null) = (decided_at is null))
);

create index approvals_of_turn on approvals (session_id, seq);
