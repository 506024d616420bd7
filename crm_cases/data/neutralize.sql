-- A copy of a database writes to nobody and calls nothing, even if somebody switches
-- its scheduled actions and servers on again.

-- timed rules that leave the house, by themselves or as one step of several
WITH RECURSIVE loud AS (
       SELECT id, parent_id
         FROM ir_act_server
        WHERE state IN ('webhook', 'mail_post', 'sms', 'code', 'case_remind')
        UNION
       SELECT several.id, several.parent_id
         FROM ir_act_server several
         JOIN loud ON loud.parent_id = several.id
)
UPDATE crm_case_rule
   SET active = false
 WHERE id IN (
       SELECT level.rule_id
         FROM crm_case_rule_level level
         JOIN crm_case_rule_level_action_rel rel ON rel.level_id = level.id
         JOIN loud ON loud.id = rel.action_id
);

-- immediate rules of cases that do
WITH RECURSIVE loud AS (
       SELECT id, parent_id
         FROM ir_act_server
        WHERE state IN ('webhook', 'mail_post', 'sms', 'code', 'case_remind')
        UNION
       SELECT several.id, several.parent_id
         FROM ir_act_server several
         JOIN loud ON loud.parent_id = several.id
)
UPDATE base_automation
   SET active = false
 WHERE model_id IN (SELECT id FROM ir_model WHERE model IN ('crm.case', 'crm.case.party'))
   AND id IN (
       SELECT action.base_automation_id
         FROM ir_act_server action
         JOIN loud ON loud.id = action.id
);

-- requests for satisfaction that are due
UPDATE crm_case
   SET rating_due = NULL
 WHERE rating_due IS NOT NULL;

-- mails about cases that wait in the queue
UPDATE mail_mail
   SET state = 'cancel'
 WHERE state = 'outgoing'
   AND mail_message_id IN (
       SELECT id
         FROM mail_message
        WHERE model IN ('crm.case', 'crm.case.party')
);

-- text messages that do
UPDATE sms_sms
   SET state = 'canceled'
 WHERE state = 'outgoing'
   AND mail_message_id IN (
       SELECT id
         FROM mail_message
        WHERE model IN ('crm.case', 'crm.case.party')
);

-- what somebody meant to say later
DELETE FROM mail_scheduled_message
 WHERE model IN ('crm.case', 'crm.case.party');

DELETE FROM mail_message_schedule
 WHERE mail_message_id IN (
       SELECT id
         FROM mail_message
        WHERE model IN ('crm.case', 'crm.case.party')
);
