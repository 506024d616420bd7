from odoo import SUPERUSER_ID, api

TEMPLATE = "crm_mailgateway.acknowledgement_template"
SAID = '<t t-if="opening">'
SET = '<t t-set="promise" t-value="object._get_acknowledgement_promise()"/>'
PROMISES = {
    "": "We answer by %s at the latest.",
    "_fr": "Nous vous répondons au plus tard le %s.",
    "_de": "Wir antworten spätestens am %s.",
    "_es": "Le respondemos a más tardar el %s.",
}


def migrate(cr, version):
    """Acknowledgements tell by when somebody answers, if that is promised."""
    if not version:
        return
    env = api.Environment(cr, SUPERUSER_ID, {})
    for suffix, sentence in PROMISES.items():
        template = env.ref(TEMPLATE + suffix, raise_if_not_found=False)
        promise = sentence % '<strong t-out="promise"/>'
        told = f'{SET}<t t-if="promise">{promise}</t><t t-elif="opening">'
        for lang, _name in env["res.lang"].get_installed() if template else ():
            spoken = template.with_context(lang=lang)
            body = str(spoken.body_html or "")
            if SAID in body and "_get_acknowledgement_promise" not in body:
                spoken.body_html = body.replace(SAID, told, 1)
