-- What a run owes to who entered or left may be a mail or a call: a copy owes nothing.
UPDATE crm_segmentation_reaction
   SET state = 'dropped'
 WHERE state IN ('pending', 'held');

WITH RECURSIVE loud AS (
       SELECT id, parent_id
         FROM ir_act_server
        WHERE state IN ('webhook', 'mail_post', 'sms', 'code')
        UNION
       SELECT several.id, several.parent_id
         FROM ir_act_server several
         JOIN loud ON loud.parent_id = several.id
)
DELETE FROM crm_segmentation_enter_action_rel
 WHERE ir_act_server_id IN (SELECT id FROM loud);

WITH RECURSIVE loud AS (
       SELECT id, parent_id
         FROM ir_act_server
        WHERE state IN ('webhook', 'mail_post', 'sms', 'code')
        UNION
       SELECT several.id, several.parent_id
         FROM ir_act_server several
         JOIN loud ON loud.parent_id = several.id
)
DELETE FROM crm_segmentation_leave_action_rel
 WHERE ir_act_server_id IN (SELECT id FROM loud);
