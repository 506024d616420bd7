from lxml import etree

from odoo import models

from ..batch import CONTEXT_KEY


class IrQweb(models.AbstractModel):
    """A text that is rendered for many cases in one batch is compiled once.

    Odoo does so with views only; a text of a mail template it compiles for each
    record, which takes longer than all else that an acknowledgement needs.
    """

    _inherit = "ir.qweb"

    def _compile(self, template):
        memory = self.env.context.get(CONTEXT_KEY)
        if memory is None or not isinstance(template, etree._Element):
            return super()._compile(template)
        # All that the code depends on; before compiling, which changes the tree.
        names = [
            *self._get_template_cache_keys(),
            "raise_on_forbidden_code_for_model",
        ]
        options = tuple(self.env.context.get(name) or False for name in names)
        key = ("text", etree.tostring(template), options)
        return memory.recall(key, lambda: super(IrQweb, self)._compile(template))
