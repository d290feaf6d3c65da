-- Whether the process that sent a reply has not seen how that ended.
alter table slack_outbox add column in_flight boolean not null default false;

-- What an outbox row refers to is looked for when a mapping is deleted.
create index slack_outbox_mapping on slack_outbox (mapping_id) where mapping_id is not null;

-- The questions that were asked in a session, for its end.
create index slack_inbox_questions on slack_inbox ((body ->> 'sessionId'))
  where body ->> 'type' = 'amp_question';
