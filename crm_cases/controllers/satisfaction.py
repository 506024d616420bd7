from odoo import http
from odoo.http import request

from odoo.addons.rating.controllers.main import Rating
from odoo.addons.rating.models.rating_data import (
    RATING_HAPPY_VALUE,
    RATING_NEUTRAL_VALUE,
    RATING_UNHAPPY_VALUE,
)

from .portal_case import CasePortal

MAX_COMMENT = 5000


class CaseSatisfaction(CasePortal):
    """Three faces and a comment, for whoever holds the link.

    Opening the link counts nothing: programs that scan mails open links. The face
    that was clicked in the mail is only chosen beforehand.
    """

    @http.route(
        "/cases/rate/<string:token>",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    def case_rate(self, token, rate=None, **kwargs):
        rating, case = self._find_rating(token)
        return self._render_rating(rating, case, self._read_rate(rate) or rating.rating)

    @http.route(
        "/cases/rate/<string:token>",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
        sitemap=False,
    )
    def case_rated(self, token, rate=None, feedback="", **kwargs):
        rating, case = self._find_rating(token)
        value = self._read_rate(rate)
        if not value:
            problem = request.env._("Please choose one of the three faces.")
            return self._render_rating(rating, case, 0, problem=problem)
        case.rating_apply(value, rating=rating, feedback=feedback.strip()[:MAX_COMMENT])
        return self._render_rating(rating, case, value, is_sent=True)

    @http.route(
        "/my/cases/<int:case_id>/rate", type="http", auth="public", website=True
    )
    def portal_case_rate(self, case_id, access_token=None, **kwargs):
        case = self._find_case(case_id, access_token)
        if not case or not case._may_be_rated():
            return request.redirect("/my")
        return request.redirect(f"/cases/rate/{case._rating_get_access_token()}")

    def _find_rating(self, token):
        # sudo: the token is the right to answer this one question
        ratings = request.env["rating.rating"].sudo()
        domain = [("access_token", "=", token), ("res_model", "=", "crm.case")]
        rating = ratings.search(domain, limit=1)
        case = request.env["crm.case"].sudo().browse(rating.res_id).exists()
        if not case.active:  # a link ends when the case is put away
            raise request.not_found()
        return rating, case

    def _read_rate(self, rate):
        number = int(rate) if str(rate or "").isdecimal() else 0
        return number if number in self._get_faces() else 0

    def _get_faces(self):
        return {
            RATING_HAPPY_VALUE: request.env._("Happy"),
            RATING_NEUTRAL_VALUE: request.env._("So-so"),
            RATING_UNHAPPY_VALUE: request.env._("Unhappy"),
        }

    def _render_rating(self, rating, case, rate, **values):
        values = {
            "rating": rating,
            "case": case,
            "faces": self._get_faces(),
            "rate": int(rate),
            "max_comment": MAX_COMMENT,
            "page_name": "case_rate",
            **values,
        }
        return self._render("crm_cases.public_case_rate", values)


class FrameworkRating(Rating):
    """The framework's pages for the same question know nothing of cases put away, and
    take a text of any length: ours is the only door."""

    def _get_rating_and_record(self, token):
        rating, record = super()._get_rating_and_record(token)
        if rating.res_model == "crm.case":
            raise request.not_found()
        return rating, record
