{
    "name": "Cases by Mail",
    "version": "19.0.1.0.0",
    "category": "Services/Helpdesk",
    "summary": "Mail becomes cases, answers find them, nothing is lost",
    "author": "CRM Cases contributors",
    "license": "LGPL-3",
    "depends": ["crm_cases"],
    "data": [
        "security/ir.model.access.csv",
        "security/crm_mailgateway_message_security.xml",
        "data/mail_template_data.xml",
        "data/ir_cron_data.xml",
        "views/crm_mailgateway_message_views.xml",
        "views/fetchmail_server_views.xml",
        "views/crm_case_team_views.xml",
        "views/crm_case_views.xml",
        "views/crm_mailgateway_menus.xml",
    ],
    "assets": {
        "mail.assets_message_email": [
            "crm_mailgateway/static/src/scss/message.scss",
        ],
    },
    "uninstall_hook": "uninstall_hook",
    "demo": ["demo/crm_mailgateway_demo.xml"],
}
