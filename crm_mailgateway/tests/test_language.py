from odoo.tests import BaseCase, tagged

from ..pipeline.language import detect_language

TEXTS = {
    "en": "Hello, my order has not arrived yet. Can you please help me with this?",
    "de": "Guten Tag, meine Bestellung ist noch nicht da. Können Sie mir bitte helfen?",
    "fr": "Bonjour, ma commande n'est pas arrivée. Pouvez-vous m'aider ? Merci pour"
    " votre réponse.",
    "es": "Hola, mi pedido no ha llegado. ¿Me pueden ayudar por favor? Gracias.",
    "it": "Buongiorno, il mio ordine non è arrivato. Potete aiutarmi? Grazie mille.",
    "nl": "Hallo, mijn bestelling is niet aangekomen. Kunt u mij helpen? Dank u.",
    "pt": "Olá, o meu pedido não chegou. Podem ajudar-me, por favor? Muito obrigada.",
    "sv": "Hej, min beställning har inte kommit. Kan ni hjälpa mig? Tack.",
    "ru": "Здравствуйте, мой заказ не пришёл.",
    "ja": "注文した商品が届きません。",
    "zh": "我的订单还没有到。",
}


@tagged("post_install", "-at_install")
class TestLanguage(BaseCase):
    def test_languages(self):
        for code, text in TEXTS.items():
            with self.subTest(code=code):
                self.assertEqual(detect_language(text), code)

    def test_no_guess_where_there_is_doubt(self):
        for text in (None, "", "ok", "4711", "iPhone 15 Pro", "Hello\nHallo\nHola"):
            self.assertIsNone(detect_language(text), text)
