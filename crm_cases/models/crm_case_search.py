from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# Fields whose words are in the document of a case.
SEARCHED = {"number", "name", "partner_id", "partner_name", "email_from", "phone"}
SEARCHED |= {"description"}
RANKED_CASES = 2_000
RANK = "crm_case_rank"


class CrmCase(models.Model):
    """One box that finds a case by whatever somebody remembers of it.

    ``search_text`` asks for all words at once, each as the beginning of a word in
    number, subject, customer, conversation or name of an attachment; in any order,
    with or without accents. Where no other order is asked for, the best match stands
    first. What may be found is what may be read: it is a condition like any other.
    """

    _inherit = "crm.case"

    search_text = fields.Char(
        string="Everything",
        compute="_compute_search_text",
        search="_search_search_text",
    )

    def _compute_search_text(self):
        self.search_text = False

    @api.model
    def _search_search_text(self, operator, value):
        if operator not in ("ilike", "like", "=ilike", "=like", "in"):
            return NotImplemented
        texts = value if operator == "in" else [value]
        return Domain.OR(self._get_text_domain(text or "") for text in texts)

    @api.model
    def _get_text_domain(self, text):
        """Cases that have all words of a text; all cases, if it has none."""
        documents = self.env["crm.case.document"]
        if not documents._get_query(text):
            return Domain.TRUE
        self._flush_words()
        few = documents._find_few(text, RANKED_CASES)
        if few is not None:
            # Numbers, so that PostgreSQL need not guess how many there are.
            return Domain("id", "in", few)
        query = "(SELECT case_id FROM crm_case_document WHERE %s)"
        return Domain("id", "in", SQL(query, documents._get_match(text)))

    def _flush_words(self):
        """Who writes and searches in one transaction finds what he wrote."""
        self.env["crm.case.document"]._write_stale()

    @api.model
    @api.private
    @api.readonly
    def search_fetch(self, domain, field_names=None, offset=0, limit=None, order=None):
        """Rank what is shown; counting and grouping have no order."""
        ranked = self
        if not order and self._get_searched_text(domain):
            ranked = self.with_context(**{RANK: True})
        found = super(CrmCase, ranked).search_fetch(
            domain, field_names, offset, limit, order
        )
        return found.with_env(self.env)

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, **kwargs):
        query = super()._search(domain, offset, limit, order, **kwargs)
        text = self.env.context.get(RANK) and self._get_searched_text(domain)
        words = text and self.env["crm.case.document"]._get_query(text)
        # Ranking tells nothing of a word that thousands of cases have, and would have
        # to look at each of them.
        if words and self._is_selective(text):
            query.order = SQL(
                "(SELECT ts_rank(d.document, %s) FROM crm_case_document d"
                " WHERE d.case_id = %s) DESC, %s DESC",
                words,
                SQL.identifier(query.table, "id"),
                SQL.identifier(query.table, "id"),
            )
        return query

    @api.model
    def _is_selective(self, text):
        documents = self.env["crm.case.document"]
        return documents._find_few(text, RANKED_CASES) is not None

    @api.model
    def _get_searched_text(self, domain):
        return " ".join(
            condition.value
            for condition in Domain(domain).iter_conditions()
            if condition.field_expr == "search_text"
            and isinstance(condition.value, str)
        )

    # ------------------------------------------------------------
    # WORDS
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        cases = super().create(vals_list)
        self.env["crm.case.document"]._mark_stale(cases.ids)
        return cases

    def write(self, vals):
        result = super().write(vals)
        if SEARCHED & vals.keys():
            self.env["crm.case.document"]._mark_stale(self.ids)
        return result
