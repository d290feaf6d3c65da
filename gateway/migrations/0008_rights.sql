-- Who wrote a turn in the conversation's session from here: they may end it, as its creator may.
alter table slack_mappings add column writers text[] not null default '{}';
create index slack_mappings_session on slack_mappings (session_id);

-- Set: only this person sees the reply.
alter table slack_outbox add column only_user text;

-- What is told to somebody once.
create table slack_told (
  key text primary key,
  told_at timestamptz not null default now()
);
create index slack_told_at on slack_told (told_at);
