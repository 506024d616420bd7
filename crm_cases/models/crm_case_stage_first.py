from odoo import api, models, tools


class CrmCaseStage(models.Model):
    """Where a new case of a team and type begins, and what a case is in a stage, is
    remembered until stages change.

    Each new case asks, and would read all stages of a state with their teams and types.
    """

    _name = "crm.case.stage"
    _inherit = ["crm.case.stage", "crm.case.cached.mixin"]

    @api.model
    def _get_first(self, state, team, case_type):
        """Return the stage of a state for a team and type, empty if there is none.

        :param str state: as of :mod:`.case_states`
        """
        ids = (team._origin.id, case_type._origin.id)
        return self.browse(self._get_first_id(state, *ids))

    @api.model
    @tools.ormcache("state", "team_id", "type_id")
    def _get_first_id(self, state, team_id, type_id):
        # sudo: the answer is the same for all who may create a case
        stages = self.sudo().with_context(active_test=True)
        team = stages.env["crm.case.team"].browse(team_id or ())
        case_type = stages.env["crm.case.type"].browse(type_id or ())
        return stages.search([("state", "=", state)])._pick(team, case_type).id

    def _get_traits(self):
        """Return state and outcome of a case in this stage."""
        if self and not self._origin:
            return self.state, self.outcome  # not saved yet
        return self._get_traits_of(self._origin.id)

    @api.model
    @tools.ormcache("stage_id")
    def _get_traits_of(self, stage_id):
        # sudo: whoever has a case in hand may know what it is
        stage = self.sudo().browse(stage_id or ())
        return stage.state, stage.outcome


class CrmCaseTeam(models.Model):
    """A stage that served a deleted team only serves all."""

    _inherit = "crm.case.team"

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()
