{
    "name": "Customer Segmentation",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "summary": "Criteria over invoices and moods that keep contact tags up to date",
    "author": "CRM Cases contributors",
    "license": "LGPL-3",
    "application": True,
    "depends": ["account", "rating", "contacts"],
    "data": [
        "security/crm_segmentation_groups.xml",
        "security/crm_segmentation_security.xml",
        "security/ir.model.access.csv",
        "data/ir_cron_data.xml",
        "views/crm_segmentation_membership_views.xml",
        "views/crm_segmentation_views.xml",
        "views/res_partner_views.xml",
        "views/crm_segmentation_menus.xml",
    ],
    "demo": [
        "demo/res_users_demo.xml",
        "demo/crm_segmentation_demo.xml",
    ],
}
