"""Packages the three addons as ``odoo.addons.*``.

``odoo`` and ``odoo.addons`` are namespaces without ``__init__.py`` (PEP 420), so
the addons install beside Odoo's own and are found without an addons path.
Odoo 19 itself is not on the package index: install it first, see README.rst.
"""

from pathlib import Path

from setuptools import find_packages, setup

ADDONS = ("crm_cases", "crm_mailgateway", "crm_segmentation")

setup(
    name="odoo-addons-crm-cases",
    version="19.0.1.0.0",
    description="Case tracker, mail gateway and customer segmentation for Odoo 19",
    long_description=Path("README.rst").read_text(encoding="utf-8"),
    long_description_content_type="text/x-rst",
    author="CRM Cases contributors",
    license="LGPL-3.0-only",
    license_files=["LICENSE"],
    python_requires=">=3.10",
    package_dir={"odoo.addons": "."},
    packages=[
        f"odoo.addons.{package}"
        for addon in ADDONS
        for package in find_packages(include=[addon, f"{addon}.*"])
    ],
    # Recursive, because folders such as migrations/19.0.1.0.1 are no packages.
    package_data={f"odoo.addons.{addon}": ["**/*"] for addon in ADDONS},
    exclude_package_data={"": ["*.pyc"]},
    zip_safe=False,
    classifiers=[
        "Framework :: Odoo :: 19.0",
        "Intended Audience :: Customer Service",
        "Programming Language :: Python :: 3",
    ],
)
