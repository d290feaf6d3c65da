-- How often an agent was given the turn without anything coming of it: each run that a
-- crash of its process ended counts, one that was handed over does not. From now on
-- begun_at is when the first run began, whatever the agent.
alter table turns add column runs integer not null default 0;
