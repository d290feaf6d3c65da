-- How far the gateways have dealt with the backend's endings; whoever begins to follow them goes on from here.
create table endings_cursor (
  id boolean primary key default true check (id),
  cursor text not null,
  stored_at timestamptz not null default now()
);

-- A mapping whose session was not looked at since it became active: before, its
-- end may have been told to nobody.
alter table slack_mappings add column unchecked boolean not null default true;
alter table web_mappings add column unchecked boolean not null default true;
create index slack_mappings_unchecked on slack_mappings (id) where state = 'active' and unchecked;
create index web_mappings_unchecked on web_mappings (mapping_id) where state = 'active' and unchecked;
create index slack_mappings_active_session on slack_mappings (session_id) where state = 'active';
create index web_mappings_active_session on web_mappings (session_id) where state = 'active';

-- The delivery that is ending the session from this very conversation, so that nothing else needs to tell of the end.
alter table slack_mappings add column ending_inbox_id bigint;

-- It was the active one when it was found dead, and its user does not know yet.
alter table web_mappings add column untold boolean not null default false;
create index web_mappings_untold on web_mappings (user_id) where untold;

-- Only what a list of sessions shows.
drop trigger web_mappings_changed on web_mappings;
create trigger web_mappings_changed after insert or delete or update of
    user_id, state, is_active, session_id, agent, working_dir, project_id, description, last_active
  on web_mappings for each row execute function web_mappings_changed();
