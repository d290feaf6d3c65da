alter table slack_outbox
  -- The message that it answers gets no check mark: it tells of a failure, or is not where it was asked for.
  add column failed boolean not null default false,
  -- It says that its delivery was given up, and goes away when that is tried again.
  add column gave_up boolean not null default false,
  -- Slack's error, by which a reply was given up; it can be tried again. Null: no use to try again.
  add column refusal text;
create index slack_outbox_refused on slack_outbox (inbox_id) where refusal is not null;

-- Has a delivery that was given up worked again: from the beginning, or if its replies were decided, only those
-- that Slack refused or that were never posted. Returns whether there is such a delivery. For operators.
create function slack_try_again(delivery_id bigint) returns boolean
language plpgsql set search_path from current as $$
declare
  its_lane text;
begin
  select lane into its_lane from slack_inbox where id = delivery_id and status = 'dead';
  if not found then
    return false;
  end if;
  -- The lane first, as whoever stores a delivery locks it.
  -- A conversation's own lane has three parts: team, channel and thread.
  insert into slack_lanes (lane, quick)
    values (its_lane, cardinality(string_to_array(its_lane, ':')) <> 3)
    on conflict (lane) do update set next_at = now();
  update slack_inbox
    set status = 'waiting', attempts = 0, last_error = null, finished_at = null
    where id = delivery_id and status = 'dead';
  if not found then
    return false;
  end if;
  delete from slack_outbox where inbox_id = delivery_id and gave_up;
  update slack_outbox set state = 'new', refusal = null
    where inbox_id = delivery_id and refusal is not null;
  perform pg_notify('slack_inbox', '');
  return true;
end
$$;
