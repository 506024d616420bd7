import { registerMessageAction } from "@mail/core/common/message_actions";
import { _t } from "@web/core/l10n/translation";

const HUMAN = ["comment", "email"];

/** What people wrote in a thread of this kind, for staff: what a dialog can work on. */
const isWordIn =
    (model) =>
    ({ message, store, thread }) =>
        thread?.model === model &&
        message.persistent &&
        HUMAN.includes(message.message_type) &&
        store.self.main_user_id?.share === false;

const openDialog = ({ store, thread }, name, model, context) =>
    store.env.services.action.doAction(
        {
            type: "ir.actions.act_window",
            name,
            res_model: model,
            views: [[false, "form"]],
            target: "new",
            context,
        },
        { onClose: () => thread.fetchNewMessages() }
    );

registerMessageAction("crm-case-split", {
    condition: isWordIn("crm.case"),
    icon: "fa fa-code-fork",
    name: _t("Split into a New Case"),
    onSelected: (params) =>
        openDialog(params, _t("Split Case"), "crm.case.split", {
            default_case_id: params.thread.id,
            split_message_ids: [params.message.id],
        }),
    sequence: 22,
});

registerMessageAction("crm-case-party-share", {
    condition: (params) =>
        isWordIn("crm.case.party")(params) && !params.message.isSelfAuthored,
    icon: "fa fa-share",
    name: _t("Share with Customer"),
    onSelected: (params) =>
        openDialog(params, _t("Share with Customer"), "crm.case.party.share", {
            default_party_id: params.thread.id,
            default_message_id: params.message.id,
        }),
    sequence: 5,
});
