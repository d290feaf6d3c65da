-- The questions that were asked in a session, for its end.
create index slack_inbox_questions on slack_inbox ((body ->> 'sessionId'))
  where body ->> 'type' = 'amp_question';
