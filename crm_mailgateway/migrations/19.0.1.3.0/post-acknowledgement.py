import re

from odoo import SUPERUSER_ID, api

TEMPLATE = "crm_mailgateway.acknowledgement_template"
TOPIC = "object._get_acknowledgement_topic()"
ABOUT = re.compile(r' (\w+) <strong t-out="object\.name">(.*?)</strong>')
NAMED = rf'<t t-if="{TOPIC}"> \1 <strong t-out="{TOPIC}">\2</strong></t>'
NAME = "object.partner_id.name or object.partner_name"


def migrate(cr, version):
    """Acknowledgements are about nothing if the mail had no subject, and stay short.

    Only in what was delivered: a text that was changed keeps what it says.
    """
    if not version:
        return
    env = api.Environment(cr, SUPERUSER_ID, {})
    for suffix in ("", "_fr", "_de", "_es"):
        template = env.ref(TEMPLATE + suffix, raise_if_not_found=False)
        for lang, _name in env["res.lang"].get_installed() if template else ():
            spoken = template.with_context(lang=lang)
            body = str(spoken.body_html or "")
            better = ABOUT.sub(NAMED, body, count=1)
            better = better.replace(NAME, "object._get_acknowledgement_name()")
            if better != body:
                spoken.body_html = better
