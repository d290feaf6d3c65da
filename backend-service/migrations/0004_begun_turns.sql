-- When an agent that may act on the world was about to be given the turn; null as
-- long as none was, so that whoever owns the session next may still run it. Turns
-- of the versions before, which do not tell, count as begun.
alter table turns add column begun_at timestamptz default now();
