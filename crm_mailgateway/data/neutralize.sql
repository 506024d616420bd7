-- A copy of a database must thank nobody a second time.
UPDATE crm_mailgateway_result
   SET ack_state = 'withheld', ack_reason = 'Neutralised copy of a database'
 WHERE ack_state = 'pending';
