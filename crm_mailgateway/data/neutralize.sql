-- A copy of a database must thank nobody a second time.
UPDATE crm_mailgateway_result
   SET ack_state = 'withheld',
       ack_terms = '{"source": "Neutralised copy of a database"}'
 WHERE ack_state = 'pending';

-- nor go on with a test that writes to a mailbox
UPDATE crm_mailgateway_roundtrip
   SET state = 'failed'
 WHERE state IN ('sent', 'filed', 'thanked');
