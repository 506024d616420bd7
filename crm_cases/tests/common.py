from odoo.tests.common import new_test_user

from odoo.addons.base.tests.common import DISABLED_MAIL_CONTEXT, BaseCommon

# Proof that mails of our people are theirs, for gateways that ask for it. It is good
# for the domain of our users only, so customers may carry it as well.
OWN_SERVER = "mx.cases.example.com"
PROOF = (
    f"Authentication-Results: {OWN_SERVER}; dmarc=pass header.from=cases.example.com"
)
STATES = ("draft", "open", "pending", "done", "cancel")


class CasesSetup:
    """People, teams and helpers for tests about cases; a mixin for any test class.

    =============  ============  ==========================  ====================
    Team           Parent        Leader                      Members
    =============  ============  ==========================  ====================
    team_board     –             user_manager                –
    team_care      team_board    user_leader                 user_member
    team_sales     –             –                           user_other
    =============  ============  ==========================  ====================

    ``user_member`` and ``user_other`` see own cases, ``user_leader`` all cases,
    ``user_manager`` configures; ``user_portal`` is a customer with a portal account,
    ``partner`` a customer without. Every case made by ``_case`` is a draft of
    team_care that nobody has.
    """

    @classmethod
    def _setup_cases(cls):
        cls.env = cls.env(context={**cls.env.context, "no_reset_password": True})
        cls.env["ir.config_parameter"].set_param(
            "crm_mailgateway.authserv_ids", OWN_SERVER
        )
        cls._setup_users()
        cls._setup_teams()
        cls.partner = cls.env["res.partner"].create(
            {
                "name": "Carla Customer",
                "email": "carla@customer.example.com",
                "phone": "+32 2 555 01 01",
            }
        )
        cls.stages = {
            stage.state: stage
            for stage in cls.env["crm.case.stage"].search(
                [("outcome", "=", False)], order="sequence desc"
            )
        }

    @classmethod
    def _setup_users(cls):
        def user(login, group, name):
            return new_test_user(
                cls.env,
                login=login,
                groups=group,
                name=name,
                email=f"{login}@cases.example.com",
            )

        cls.user_member = user(
            "cases_member", "crm_cases.crm_cases_group_own", "Mia Member"
        )
        cls.user_other = user(
            "cases_other", "crm_cases.crm_cases_group_own", "Otto Other"
        )
        cls.user_leader = user(
            "cases_leader", "crm_cases.crm_cases_group_all", "Lea Leader"
        )
        cls.user_manager = user(
            "cases_manager", "crm_cases.crm_cases_group_manager", "Max Manager"
        )
        cls.user_portal = user("cases_portal", "base.group_portal", "Pia Portal")
        cls.user_employee = user("cases_employee", "base.group_user", "Eve Employee")

    @classmethod
    def _setup_teams(cls):
        cls.team_general = cls.env.ref("crm_cases.team_general")
        cls.team_board = cls._team("Board", user_id=cls.user_manager.id)
        cls.team_care = cls._team(
            "Care",
            parent_id=cls.team_board.id,
            user_id=cls.user_leader.id,
            member_ids=cls.user_member.ids,
        )
        cls.team_sales = cls._team("Sales", member_ids=cls.user_other.ids)

    @classmethod
    def _team(cls, name, **values):
        return cls.env["crm.case.team"].create({"name": name, **values})

    @classmethod
    def _case(cls, name="The lamp flickers", **values):
        values = {"team_id": cls.team_care.id, "user_id": False, **values}
        return cls.env["crm.case"].create({"name": name, **values})

    @classmethod
    def _created_on(cls, case, date):
        """Let a case be as old as that, and what depends on its age follow."""
        cls.env.flush_all()
        cls.env.cr.execute(
            "UPDATE crm_case SET create_date = %s WHERE id = %s", (date, case.id)
        )
        case.invalidate_recordset(["create_date"])
        case.modified(["create_date"])
        return case

    @classmethod
    def _case_in(cls, state, **values):
        """A case in ``state``, put there directly, not by a transition."""
        return cls._case(stage_id=cls.stages[state].id, **values)


class CasesCommon(CasesSetup, BaseCommon):
    """Tracking and subscriptions are on, as in real life."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        real = {
            k: v for k, v in cls.env.context.items() if k not in DISABLED_MAIL_CONTEXT
        }
        cls.env = cls.env(context=real)
        cls._setup_cases()

    def flush_tracking(self):
        """Write what a commit would write, tracking messages included."""
        self.env.flush_all()
        self.cr.precommit.run()
