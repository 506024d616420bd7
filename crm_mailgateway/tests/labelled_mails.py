"""Mails with the verdict that they deserve: what vendors really send, and people
who look like machines.

Each entry is the kind, the headers and the body. ``LABELLED`` also holds the
variants that only differ in language: an absence note of a given vendor is the same
mail in twelve languages.
"""

BODY = "Hello, my order has not arrived. What can I do?"
ANSWER = "In-Reply-To: <123-openerp-42-crm.case@ours.example>"

# --- people ---------------------------------------------------------------------

_CLIENTS = [
    "X-Mailer: Microsoft Outlook 16.0\nThread-Index: AdtXYZ\nX-MS-Has-Attach:",
    "User-Agent: Mozilla Thunderbird\nMIME-Version: 1.0",
    "X-Mailer: Apple Mail (2.3774.300.61)\nMime-Version: 1.0 (Mac OS X Mail 16.0)",
    "X-Mailer: iPhone Mail (21F90)\nMime-Version: 1.0 (1.0)",
    "X-Received: by 2002:a17:906 with SMTP id x\nMIME-Version: 1.0",
    "X-Mailer: YahooMailAndroid Mobile\nX-Sonic-MF: <robin@example.com>",
    "User-Agent: K-9 Mail for Android",
    "X-Mailer: Lotus Domino Web Server Release 9.0",
    "X-Mailer: Zimbra 9.0.0_GA_4583 (ZimbraWebClient - FF115)",
    "X-Mailer: ProtonMail\nX-Pm-Content-Encryption: end-to-end",
]
_HUMAN_SUBJECTS = [
    "Order 4711 is late",
    "Re: [CASE-00042] My brakes squeal",
    "AW: Lieferung",
    "RE: facture impayée",
    "SV: Beställning",
    "回复: 订单",
    "Fwd: Rechnung 17",
    "Out of office",
    "Automatic reply does not work on our side",
    "I was on vacation, sorry for the late answer",
    "Undeliverable: my parcel came back",
    "Delivery Status Notification (Failure) in your shop",
    "Unsubscribe me please",
    "Mail delivery failed: returning message to sender",
    "Spam from your newsletter",
]
PEOPLE = (
    [
        f"Subject: {subject}\nFrom: Robin <robin@example.com>\n{client}"
        for subject in _HUMAN_SUBJECTS
        for client in _CLIENTS
    ]
    + [
        f"From: {sender}\nSubject: Question"
        for sender in (
            "Norbert Reply <norbert.reply@example.com>",
            "Bouncer <bouncer@club.example>",
            "postmasters.daughter@example.com",
            "abuse.victim@example.com",
            "robot.fan@example.com",
            "info@firm.example",
            "sales@firm.example",
            "support@firm.example",
            "newsletter.reader@example.com",
            "notify.me@example.com",
            "jean.noreplyov@example.com",
            "root@small.example",
            "admin@small.example",
        )
    ]
    + [
        f"From: robin@example.com\nSubject: Hello\n{header}"
        for header in (
            "Auto-Submitted: no",
            "auto-submitted: No",
            "Auto-Submitted: no (typed by hand)",
            "Precedence: normal",
            "Precedence: first-class",
            "X-Priority: 1",
            "Importance: high",
            "X-Spam-Flag: NO",
            "X-Spam-Status: No, score=4.9 required=5.0 tests=HTML_MESSAGE",
            "X-Spam-Level: ****",
            "X-MS-Exchange-Organization-SCL: 1",
            "X-Forefront-Antispam-Report: CIP:1.2.3.4;SFV:NSPM;",
            "X-Bogosity: Ham, tests=bogofilter",
            "X-Auto-Response-Suppress: DR, OOF",
            "X-Auto-Response-Suppress: RN, NRN",
            "Return-Path: <robin@example.com>",
            "Disposition-Notification-To: robin@example.com",
            "Return-Receipt-To: robin@example.com",
            "Content-Type: multipart/mixed; boundary=x",
            "X-Originating-IP: [1.2.3.4]",
            "X-Mailer: PHPMailer 6.8",
            "Sender: assistant@example.com",
            "Reply-To: robin.private@example.org",
            "Authentication-Results: mx.example; dmarc=fail header.from=example.com",
            "ARC-Seal: i=1; a=rsa-sha256; cv=none",
            "Feedback-ID: 1.us-east-1:AmazonSES",
            "X-MS-Exchange-CrossTenant-AuthAs: Internal",
            "X-Feedback-Id: 7",
            "Delivered-To: support@ours.example",
            "X-Original-To: support@ours.example",
            "Comments: sent from the contact form",
            "X-Cases-Origin: typed-by-people-of-another-database",
        )
    ]
)
_ABOUT_MACHINES = [
    "Your system said: this is the qmail-send program at mx. What does it mean?",
    "My mail to you failed with 550 5.1.1 user unknown <sales@ours.example>.",
    "I am out of the office until Monday, but please call me: it is urgent.",
    "Please unsubscribe robin@example.com from the newsletter.",
    "Ich bin im Urlaub. Bitte liefern Sie erst danach.",
    "Je suis en congé, pouvez-vous livrer chez mon voisin ?",
]
PEOPLE_BODIES = [("From: robin@example.com\nSubject: Help", b) for b in _ABOUT_MACHINES]

# --- away -----------------------------------------------------------------------

_ABSENCES = [
    ("Automatic reply: Order 4711", "I am out of the office until Monday."),
    ("Automatische Antwort: Bestellung", "Ich bin bis Montag nicht im Büro."),
    ("Réponse automatique : commande", "Je suis absent jusqu'à lundi."),
    ("Respuesta automática: pedido", "Estoy fuera de la oficina."),
    ("Risposta automatica: ordine", "Sono fuori ufficio."),
    ("Automatisch antwoord: bestelling", "Ik ben afwezig."),
    ("Resposta automática: pedido", "Estou ausente."),
    ("Autosvar: beställning", "Jag är på semester."),
    ("Out of Office Re: order", "I am on vacation."),
    ("Abwesenheitsnotiz: Bestellung", "Ich bin im Urlaub."),
    ("自動応答: 注文", "不在です。"),
    ("Автоматический ответ: заказ", "Я в отпуске."),
]
_ABSENCE_VENDORS = {
    "Exchange": "Auto-Submitted: auto-generated\nX-Auto-Response-Suppress: All\n"
    f"X-MS-Exchange-Inbox-Rules-Loop: robin@example.com\n{ANSWER}",
    "Gmail": "Precedence: bulk\nX-Autoreply: yes\nAuto-Submitted: auto-replied\n"
    f"{ANSWER}",
    "Postfix with Sieve": f"Auto-Submitted: auto-replied (vacation)\n{ANSWER}",
    "Lotus": f"Auto-submitted: auto-generated\nX-Mailer: Lotus Notes\n{ANSWER}",
}
AWAY = [
    (f"From: robin@example.com\nSubject: {subject}\n{headers}", body)
    for headers in _ABSENCE_VENDORS.values()
    for subject, body in _ABSENCES
] + [
    (f"From: robin@example.com\n{headers}", "I am away.")
    for headers in (
        "Subject: Away\nAuto-Submitted: auto-replied (zimbra; vacation)\n"
        "Precedence: bulk",
        "Subject: Away from my mail\nX-Vacation: yes\nPrecedence: junk",
        "Subject: I am on holiday\nX-Autorespond: Order 4711",
        "Subject: Out of office\nX-Autoreply-From: robin@example.com\n"
        "Auto-Submitted: auto-replied",
        "Subject: Vacation\nX-Mail-Autoreply: yes",
        "Subject: Abwesenheit\nReturn-Path: <>\nPrecedence: auto_reply",
        "Subject: Out of office\nReturn-Path: <>",
        f"Subject: Automatic reply: Order\n{ANSWER}",
        f"Subject: Réponse automatique : commande\n{ANSWER}",
    )
]

# --- machines -------------------------------------------------------------------

MACHINES = [
    f"Subject: Ticket received\n{headers}"
    for headers in (
        "Auto-Submitted: auto-replied\nFrom: Zendesk <support@shop.zendesk.example>\n"
        "X-Mailer: Zendesk Mailer",
        "Auto-Submitted: auto-generated\nFrom: jira@firm.example\n"
        "X-JIRA-FingerPrint: 3ec6\nPrecedence: bulk",
        "From: robin@example.com\nX-JIRA-FingerPrint: 3ec6",
        "From: case@firm.example\nX-SFDC-EmailCategory: networks_chatter",
        "From: rt@firm.example\nX-RT-Loop-Prevention: firm.example",
        "From: otrs@firm.example\nX-OTRS-Loop: otrs@firm.example",
        "From: notifications@github.example\nX-GitHub-Reason: mention\n"
        "Precedence: bulk",
        "From: osticket@firm.example\nX-Autoreply: yes\nX-Auto-Response-Suppress: DR",
        "From: freescout@firm.example\nAuto-Submitted: auto-replied\n"
        "Precedence: auto_reply",
        "From: zammad@firm.example\nAuto-Submitted: auto-replied\nX-Loop: yes",
        "From: cron@host.example\nX-Cron-Env: <PATH=/bin>",
        "From: root@host.example\nAuto-Submitted: auto-generated",
        "From: shop@firm.example\nX-Autogenerated: Reply",
        "From: shop@firm.example\nX-Autorespond: ",
        "From: shop@firm.example\nX-Autoresponder: cPanel",
        "From: shop@firm.example\nX-Auto-Reply-From: a@b.example",
        "From: shop@firm.example\nX-FC-Machinegenerated: true",
        "From: groupwise@firm.example\nX-Autoreply-Domain: firm.example",
        "From: seller@amazon.example\nX-AMAZON-MAIL-RELAY-TYPE: notification",
        "From: qmail@host.example\nDelivered-To: Autoresponder",
        "From: robin@example.com\n"
        "X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent",
        "From: a@b.example\nauto-submitted: AUTO-NOTIFIED; owner-email=a@b.example",
        "From: a@b.example\nPrecedence: bulk",
        "From: a@b.example\nPrecedence: junk",
        "From: a@b.example\nPrecedence: auto_reply",
        "From: a@b.example\nX-Precedence: auto_reply",
        "From: a@b.example\nReturn-Path: <>",
    )
] + [
    f"From: {sender}\nSubject: Your order"
    for sender in (
        "No Reply <no-reply@shop.example>",
        "noreply+42@shop.example",
        "do-not-reply@shop.example",
        "donotreply@shop.example",
        "no_reply@shop.example",
        "info-noreply@shop.example",
        "no.reply@shop.example",
        "ne-pas-repondre@boutique.example",
        "bounces-17@mx.example",
        "auto-mailer@firm.example",
        "MAILER-DAEMON@mx.example",
        "postmaster@mx.example",
    )
]
SILENT = [
    "From: robin@example.com\nX-Auto-Response-Suppress: All",
    "From: robin@example.com\nX-Auto-Response-Suppress: DR, AutoReply",
    "From: robin@example.com\nX-Loop: owner@bugs.example",
]
LISTS = [
    f"From: robin@example.com\nSubject: [bikes] Brakes\n{headers}"
    for headers in (
        "List-Id: Friends of bicycles <bikes.lists.example>\nPrecedence: list",
        "List-Id: <bikes.lists.example>\nList-Post: <mailto:bikes@lists.example>\n"
        "List-Unsubscribe: <mailto:leave@lists.example>",
        "List-Post: <mailto:bikes@lists.example>\nX-Mailman-Version: 2.1.39",
        "Precedence: list",
        "Mailing-List: list bikes@groups.example; contact bikes-owner@groups.example",
        "X-Mailing-List: linux-kernel@vger.example",
        "List-ID: <support.group.example>\nX-Google-Group-Id: 4711\nPrecedence: list",
        "List-Id: team <team.github.example>",
        "List-Id: <all.firm.example>\nList-Unsubscribe: <mailto:leave@firm.example>",
    )
]
MARKETING = [
    f"From: News <news@shop.example>\nSubject: Spring sale\n{headers}"
    for headers in (
        "List-Unsubscribe: <https://shop.example/leave>\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "List-Unsubscribe: <mailto:leave@shop.example>",
        "List-ID: 4711 <4711.list-id.mcsv.example>\nX-MC-User: 4711\n"
        "List-Unsubscribe: <mailto:leave@shop.example>",
        "X-Campaign: mailchimp4711\nList-Unsubscribe: <mailto:leave@shop.example>",
        "Feedback-ID: 1:2:newsletter:shop\nList-Unsubscribe: <mailto:l@shop.example>\n"
        "List-Id: <news.shop.example>",
        "X-SFMC-Stack: 1\nList-Unsubscribe: <mailto:leave@shop.example>",
        "X-CSA-Complaints: csa@eco.example\nList-Unsubscribe: <mailto:l@shop.example>",
        "X-CampaignId: 7\nList-Unsubscribe: <https://shop.example/l>\nPrecedence: bulk",
        "X-Report-Abuse: abuse@esp.example\nList-Unsubscribe: <https://esp.example/l>",
    )
]
SPAM = [
    f"From: prince@far.example\nSubject: Fortune\n{headers}"
    for headers in (
        "X-Spam-Flag: YES",
        "X-Spam-Status: Yes, score=17.2 required=5.0 tests=BAYES_99",
        "X-Spam: Yes",
        "X-Barracuda-Spam-Flag: YES",
        "X-Bogosity: Spam, tests=bogofilter, spamicity=0.99",
        "X-Bogosity: Yes, tests=bogofilter, spamicity=0.99",
        "X-MS-Exchange-Organization-SCL: 9",
        "X-MS-Exchange-Organization-SCL: 5",
        "X-Forefront-Antispam-Report: CIP:1.2.3.4;CTRY:NG;SFV:SPM;SRV:;",
        "X-Forefront-Antispam-Report: SFV:SKB;",
        "X-Spam-Flag: YES\nList-Unsubscribe: <https://far.example/l>",
    )
]

# --- reports --------------------------------------------------------------------


def report(kind, fields, text="It failed.", sender="MAILER-DAEMON@mx.example"):
    """Return headers and body of a multipart/report."""
    part = {
        "delivery-status": "message/delivery-status",
        "disposition-notification": "message/disposition-notification",
        "feedback-report": "message/feedback-report",
    }[kind]
    headers = (
        f"From: {sender}\nSubject: Undelivered Mail Returned to Sender\n"
        f"Return-Path: <>\nMIME-Version: 1.0\n"
        f"Content-Type: multipart/report; report-type={kind}; boundary=B"
    )
    body = (
        f"--B\nContent-Type: text/plain\n\n{text}\n\n--B\nContent-Type: {part}\n\n"
        f"{fields}\n\n--B\nContent-Type: message/rfc822\n\nSubject: Ours\n\nHello\n"
        "--B--\n"
    )
    return headers, body


def _status(action, status, recipient="gone@customer.example"):
    return (
        "Reporting-MTA: dns; mx.example\n\n"
        f"Final-Recipient: rfc822; {recipient}\nAction: {action}\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; 550 {status} no"
    )


def _plain(sender, subject, body, headers="Return-Path: <>"):
    return f"From: {sender}\nSubject: {subject}\n{headers}", body


BOUNCES = [  # headers, body, address, hard
    *(
        (*report("delivery-status", _status("failed", code)), hard)
        for code, hard in (
            ("5.1.1", True),
            ("5.1.2", True),
            ("5.1.10", True),
            ("5.2.1", True),
            ("5.4.1", True),
            ("5.7.1", True),
            ("5.0.0", True),
            ("5.2.2", False),
            ("5.3.4", False),
            ("4.2.2", False),
            ("4.4.7", False),
            ("4.4.1", False),
        )
    ),
    (
        *report(
            "delivery-status",
            _status("failed", "5.1.1"),
            sender="Microsoft Outlook <MicrosoftExchange329e71ec@firm.example>",
        ),
        True,
    ),
    (
        *_plain(
            "MAILER-DAEMON@qmail.example",
            "failure notice",
            "Hi. This is the qmail-send program at qmail.example.\n"
            "I'm afraid I wasn't able to deliver your message.\n\n"
            "<gone@customer.example>:\n550 5.1.1 no mailbox\n\n"
            "--- Below this line is a copy of the message.\nFrom: us@ours.example",
        ),
        True,
    ),
    (
        *_plain(
            "Mail Delivery System <Mailer-Daemon@exim.example>",
            "Mail delivery failed: returning message to sender",
            "This message was created automatically by mail delivery software.\n"
            "  gone@customer.example\n    550 unknown user",
            "X-Failed-Recipients: gone@customer.example\n"
            "Auto-Submitted: auto-replied\nReturn-Path: <>",
        ),
        True,
    ),
    (
        *_plain(
            "Mail Delivery Subsystem <mailer-daemon@googlemail.example>",
            "Delivery Status Notification (Failure)",
            "Your message wasn't delivered to gone@customer.example",
            "X-Failed-Recipients: gone@customer.example\nAuto-Submitted: auto-replied",
        ),
        True,
    ),
    (
        *_plain(
            "MAILER-DAEMON@yahoo.example",
            "Failure Notice",
            "Sorry, we were unable to deliver your message to the following address."
            "\n\n<gone@customer.example>:\n554: delivery error",
        ),
        True,
    ),
    (
        *_plain(
            "postmaster@firm.example",
            "Undeliverable: Your case",
            "Your message did not reach some or all of the intended recipients.\n"
            "gone@customer.example on 1/1/2026 5.1.1",
        ),
        True,
    ),
    (
        *_plain(
            "postmaster@firma.example",
            "Nicht zustellbar: Ihre Anfrage",
            "Fehler bei der Zustellung an gone@customer.example",
        ),
        True,
    ),
    (
        *_plain(
            "postmaster@societe.example",
            "Non remis : votre demande",
            "Échec de la remise à gone@customer.example",
        ),
        True,
    ),
    (
        *_plain(
            "MAILER-DAEMON@mx.example",
            "Returned mail: see transcript for details",
            "The original message was received at Mon\n\n"
            "   ----- The following addresses had permanent fatal errors -----\n"
            "<gone@customer.example>\n    (reason: 550 5.1.1 User unknown)",
        ),
        True,
    ),
    (
        *_plain(
            "Mailer-Daemon@exim.example",
            "Warning: message delayed; mail delivery failed so far",
            "Warning: your message to gone@customer.example was not delivered yet.",
        ),
        False,
    ),
]
REPORTS = [
    report("delivery-status", _status("delayed", "4.4.1")),
    report("delivery-status", _status("delivered", "2.1.5")),
    report("delivery-status", _status("relayed", "2.1.5")),
    report("delivery-status", _status("expanded", "2.1.5")),
    report(
        "disposition-notification",
        "Final-Recipient: rfc822; robin@example.com\n"
        "Disposition: manual-action/MDN-sent-manually; displayed",
        sender="robin@example.com",
    ),
    report(
        "feedback-report", "Feedback-Type: abuse\nVersion: 1", sender="fbl@isp.example"
    ),
]
CALENDAR = [
    (
        f"From: robin@example.com\nSubject: {subject}\nMIME-Version: 1.0\n{headers}",
        body,
    )
    for subject, headers, body in (
        (
            "Accepted: Visit",
            "Content-Type: text/calendar; method=REPLY; charset=utf-8",
            "BEGIN:VCALENDAR\nEND:VCALENDAR",
        ),
        (
            "Invitation: Visit",
            "Content-Type: multipart/alternative; boundary=B",
            "--B\nContent-Type: text/plain\n\nCome\n--B\n"
            "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\n--B--",
        ),
        (
            "Cancelled: Visit",
            "Content-Type: text/calendar; method=CANCEL",
            "BEGIN:VCALENDAR",
        ),
        ("Declined: Visit", "Content-Class: urn:content-classes:calendarmessage", "No"),
    )
]
# A person who attaches an appointment.
ICS = (
    "From: robin@example.com\nSubject: Our appointment\nMIME-Version: 1.0\n"
    "Content-Type: multipart/mixed; boundary=B",
    "--B\nContent-Type: text/plain\n\nSee attached\n--B\n"
    "Content-Type: text/calendar; method=PUBLISH\n"
    "Content-Disposition: attachment; filename=visit.ics\n\nBEGIN:VCALENDAR\n--B--",
)
OURS = [
    ("From: support@ours.example\nX-Cases-Origin: this-database", "Thank you"),
    (
        "From: support@ours.example\nX-Cases-Origin: this-database\n"
        "Auto-Submitted: auto-replied",
        "Thank you",
    ),
]

LABELLED = [
    *(("human", headers, BODY) for headers in PEOPLE),
    *(("human", *mail) for mail in PEOPLE_BODIES),
    ("human", *ICS),
    *(("out_of_office", *mail) for mail in AWAY),
    *(("automatic", headers, "Done.") for headers in MACHINES),
    *(("silent", headers, BODY) for headers in SILENT),
    *(("list", headers, BODY) for headers in LISTS),
    *(("marketing", headers, "Buy!") for headers in MARKETING),
    *(("spam", headers, "Buy!") for headers in SPAM),
    *(("bounce", headers, body) for headers, body, _hard in BOUNCES),
    *(("report", *mail) for mail in REPORTS),
    *(("calendar", *mail) for mail in CALENDAR),
    *(("own", *mail) for mail in OURS),
]
