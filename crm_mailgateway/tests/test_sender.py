import email
import email.policy

from odoo.tests import BaseCase, tagged

from ..pipeline.sender import DMARC, REASONS, TOKEN, prove, single_sender

OURS = ("mx.ours.example",)
STAFF = "sam@ours.example"
PASS = (
    "Authentication-Results: mx.ours.example; dkim=pass header.d=ours.example;"
    " dmarc=pass (p=reject) header.from=ours.example"
)


def parse(*headers, sender=f"From: Sam <{STAFF}>"):
    content = "\n".join((*headers, sender, "", "Hello"))
    return email.message_from_string(content, policy=email.policy.SMTP)


def dmarc(result, domain="ours.example", server="mx.ours.example"):
    return f"Authentication-Results: {server}; dmarc={result} header.from={domain}"


@tagged("post_install", "-at_install")
class TestSender(BaseCase):
    def prove(self, *headers, token=False, servers=OURS, **options):
        return prove(parse(*headers, **options), STAFF, token, servers)

    def test_a_token_proves(self):
        self.assertEqual(self.prove(token=True).kind, TOKEN)

    def test_a_stolen_token_proves_nothing_against_our_own_server(self):
        self.assertEqual(self.prove(dmarc("fail"), token=True).reason, "fail")
        for header in (
            dmarc("none"),
            dmarc("temperror"),
            dmarc("fail", server="mx.evil.example"),
        ):
            with self.subTest(header=header):
                self.assertEqual(self.prove(header, token=True).kind, TOKEN)

    def test_the_verdict_of_our_own_server_proves(self):
        self.assertEqual(self.prove(PASS).kind, DMARC)
        self.assertEqual(self.prove(PASS.replace("mx.ours", "MX.Ours")).kind, DMARC)
        folded = PASS.replace("; ", ";\n\t")
        self.assertEqual(self.prove(folded).kind, DMARC)

    def test_what_proves_nothing(self):
        brought = dmarc("pass")
        for reason, headers, options in (
            ("no_verdict", (), {}),
            ("not_configured", (PASS,), {"servers": ()}),
            ("not_configured", (PASS,), {"servers": (" ",)}),
            ("no_verdict", (dmarc("pass", server="mx.evil.example"),), {}),
            ("no_verdict", (dmarc("pass", server="mx.ours.example.evil.example"),), {}),
            ("fail", (dmarc("fail"),), {}),
            ("no_pass", (dmarc("none"),), {}),
            ("no_pass", (dmarc("bestguesspass"),), {}),
            ("no_pass", ("Authentication-Results: mx.ours.example; none",), {}),
            (
                "no_pass",
                ("Authentication-Results: mx.ours.example; spf=pass smtp.mailfrom=a",),
                {},
            ),
            ("other_domain", (dmarc("pass", "evil.example"),), {}),
            ("other_domain", (dmarc("pass", "sub.ours.example"),), {}),
            # It brings its own verdict, below the one of our server.
            ("fail", (dmarc("fail"), brought), {}),
            ("contradiction", (dmarc("pass"), dmarc("fail")), {}),
            ("no_verdict", (dmarc("pass", server="mx.evil.example"), brought), {}),
            ("no_verdict", ("Authentication-Results: ;;;", brought), {}),
            ("no_verdict", ("Authentication-Results: (((" + "(" * 5000, brought), {}),
        ):
            with self.subTest(headers=headers):
                proof = self.prove(*headers, **options)
                self.assertFalse(proof)
                self.assertEqual(proof.reason, reason)
                self.assertIn(reason, REASONS)

    def test_two_results_in_one_verdict_prove_nothing(self):
        both = f"{dmarc('pass')}; dmarc=fail header.from=ours.example"
        self.assertFalse(self.prove(both))

    def test_only_one_sender_counts(self):
        for sender in (
            f"From: {STAFF}, evil@evil.example",
            f"From: evil@evil.example\nFrom: {STAFF}",
            "From: ",
            "Subject: no From",
            "From: Sam",
        ):
            with self.subTest(sender=sender):
                proof = self.prove(PASS, token=True, sender=sender)
                self.assertEqual(proof.reason, "several_senders")

    def test_the_token_of_another_user_proves_nothing(self):
        proof = self.prove(token=True, sender="From: eve@ours.example")
        self.assertEqual(proof.reason, "other_sender")
        for trick in (
            f'From: "{STAFF}" <eve@evil.example>',
            f"From: {STAFF} <eve@evil.example>",
        ):
            self.assertFalse(self.prove(PASS, token=True, sender=trick))

    def test_single_sender(self):
        self.assertEqual(single_sender(parse()), STAFF)
        self.assertEqual(single_sender(parse(sender="From: SAM@OURS.example")), STAFF)
