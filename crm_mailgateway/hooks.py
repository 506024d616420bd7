DEMO_DOMAIN = "velora.example.com"


def uninstall_hook(env):
    """Take the domain of the demo company back from those that use it.

    Odoo deletes demo records, and no alias domain that is in use. One that somebody
    has made his own is no demo record any more: it stays.
    """
    domain = env.ref("crm_mailgateway.mail_alias_domain_demo", raise_if_not_found=False)
    if not domain:
        return
    if domain.name == DEMO_DOMAIN:
        _release(env, domain)
    else:
        env["ir.model.data"].search(
            [("model", "=", domain._name), ("res_id", "=", domain.id)]
        ).unlink()


def _release(env, domain):
    users = domain.company_ids.with_context(active_test=False)
    users.alias_domain_id = False
    aliases = env["mail.alias"].search([("alias_domain_id", "=", domain.id)])
    aliases.write({"alias_domain_id": False})
