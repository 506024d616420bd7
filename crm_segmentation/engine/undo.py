"""Take back what a run did, and nothing else."""

from odoo.tools import SQL

from .sources import Range

# Who got the category from the run: those who entered without it, and those who were in
# and had lost it.
GIVEN = """
    SELECT m.partner_id FROM crm_segmentation_membership m
     WHERE m.segmentation_id = %(segmentation)s AND m.entered_run = %(run)s
       AND %(m_inside)s AND m.partner_id NOT IN (
           SELECT c.partner_id FROM crm_segmentation_change c
            WHERE c.run_id = %(run)s AND c.event = 'kept' AND %(c_inside)s)
    UNION
    SELECT c.partner_id FROM crm_segmentation_change c
     WHERE c.run_id = %(run)s AND c.event = 'tagged' AND %(c_inside)s
"""

UNDO = (
    """
    WITH given AS MATERIALIZED ("""
    + GIVEN
    + """
    ), untagged AS (
        DELETE FROM res_partner_res_partner_category_rel r
         USING given
         WHERE r.category_id = %(category)s AND r.partner_id = given.partner_id
           AND NOT EXISTS (
               SELECT FROM crm_segmentation_membership m
                 JOIN crm_segmentation s ON s.id = m.segmentation_id
                WHERE m.partner_id = given.partner_id AND m.left_on IS NULL
                  AND s.categ_id = %(category)s AND s.id != %(segmentation)s)
        RETURNING r.partner_id
    ), tagged AS (
        INSERT INTO res_partner_res_partner_category_rel (category_id, partner_id)
        SELECT %(category)s, c.partner_id FROM crm_segmentation_change c
         WHERE c.run_id = %(run)s AND c.event = 'untagged' AND %(c_inside)s
        ON CONFLICT DO NOTHING
        RETURNING partner_id
    ), unpinned AS (
        DELETE FROM crm_segmentation_pin n
         USING crm_segmentation_change c
         WHERE c.run_id = %(run)s AND c.event = 'pinned' AND n.automatic
           AND %(c_inside)s
           AND n.segmentation_id = %(segmentation)s AND n.partner_id = c.partner_id
    ), gone AS (
        DELETE FROM crm_segmentation_membership m
         WHERE m.segmentation_id = %(segmentation)s AND m.entered_run = %(run)s
           AND %(m_inside)s
        RETURNING m.partner_id
    ), back AS (
        UPDATE crm_segmentation_membership m
           SET left_on = NULL, left_run = NULL
         WHERE m.segmentation_id = %(segmentation)s AND m.left_run = %(run)s
           AND %(m_inside)s AND COALESCE(m.entered_run, 0) != %(run)s
        RETURNING m.partner_id
    )
    SELECT 'left' AS event, array_agg(partner_id) FROM gone
     UNION ALL SELECT 'entered', array_agg(partner_id) FROM back
     UNION ALL SELECT 'tagged', array_agg(partner_id) FROM tagged
     UNION ALL SELECT 'untagged', array_agg(partner_id) FROM untagged
"""
)


def undo_statement(
    segmentation_id: int, category_id: int, run_id: int, ids: Range
) -> SQL:
    """Return the statement that undoes a run for a range of partners.

    It yields ``(event, partner_ids)`` as the statement of a run does.
    """
    return SQL(
        UNDO,
        segmentation=segmentation_id,
        category=category_id,
        run=run_id,
        m_inside=ids.contains(SQL("m.partner_id")),
        c_inside=ids.contains(SQL("c.partner_id")),
    )
