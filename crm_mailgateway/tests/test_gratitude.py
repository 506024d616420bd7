from odoo.tests import BaseCase, tagged

from ..pipeline.gratitude import is_bare_thanks


@tagged("post_install", "-at_install")
class TestGratitude(BaseCase):
    def test_bare_thanks(self):
        for text in (
            "Thank you!",
            "Thanks a lot, Sam!\nRobin",
            "Thank you very much for your quick help. Best regards, Robin",
            "Vielen Dank für die schnelle Hilfe!\nViele Grüße\nRobin",
            "Danke, alles klar.",
            "Merci beaucoup !",
            "Merci pour votre aide. Cordialement, Robin",
            "Muchas gracias por su ayuda.",
            "Grazie mille!",
            "Bedankt!",
            "Tack så mycket!",
            "谢谢！",
            "Спасибо большое!",
            "It works now, thanks!",
        ):
            self.assertTrue(is_bare_thanks(text), text)

    def test_everything_else_is_read_by_somebody(self):
        for text in (
            "",
            None,
            "Hello",
            "Thanks, but it still squeals.",
            "Thanks. When does it arrive?",
            "Thanks, my new number is 555 1234",
            "Danke, aber die Bremse quietscht noch immer beim Anhalten.",
            "Merci, mais le colis manque toujours.",
            "No thanks to your courier, the parcel is broken.",
            "谢谢，但是我的订单还没有到，请帮忙看看",
            "Thank you. Please cancel everything.",
        ):
            self.assertFalse(is_bare_thanks(text), text)
