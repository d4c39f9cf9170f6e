"""Documents of one mould with other facts: what looks like a copy and is none.

Slots of a `Template` named in `fixed` are the same for all documents of a family (one station, one shop); the others
differ from document to document.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Template:
    """A mould: title and text with slots, and the slots that a family has in common."""

    kind: str
    title: str
    text: str
    fixed: tuple[str, ...] = ()


_ABOUT: Final = (
    "About {org}: {org} is a leading provider of integrated solutions for customers in more than forty countries. "
    "Since its foundation the company has stood for quality, reliability and close partnership with its customers. "
    "Its shares are traded on the regulated market. Forward-looking statements in this release are based on current "
    "expectations and assumptions and involve known and unknown risks and uncertainties that may cause actual results "
    "to differ materially. The company undertakes no obligation to update them. For further information please "
    "contact the press office or visit the investor relations pages of our website."
)

TEMPLATES: Final = (
    Template(
        "weather",
        "Weather for {place}",
        "Forecast for {place} on {date}. The day starts with {n1:2-9} degrees and some mist in the valleys. In the "
        "afternoon temperatures reach {n2:10-34} degrees, with winds of {n3:5-70} kilometres per hour from the west. "
        "The chance of rain is {percent}. At night it cools down to {n4:0-9} degrees. Please note that the forecast "
        "is updated every six hours and that local conditions may differ.",
        ("place",),
    ),
    Template(
        "earnings",
        "{org} reports results for the quarter",
        "{org} today reported revenue of {money} million for the quarter, compared with {money2} million a year "
        "earlier. Operating profit came to {money3} million and earnings per share were ${decimal}. Chief executive "
        "{person} said "
        "the company was on track to reach its targets for the full year.\n\n" + _ABOUT,
    ),
    Template(
        "release",
        "{org} announces appointment",
        "{place}, {date}. {org} has appointed {person} as head of its {noun} division. {person} joins from {org2}.\n\n"
        + _ABOUT,
        ("org",),
    ),
    Template(
        "match",
        "Match report: {place} against {place2}",
        "{place} met {place2} on {date} before {n1:800-62000} spectators. The first goal fell in minute {n2:3-44}, "
        "when {surname} headed in a corner. After the break {surname2} answered in minute {n3:46-70}, before "
        "{surname3} decided the match in minute {n4:71-90}. Final score {n5:2-5} to {n6:0-1}. Referee: {person}. "
        "Yellow cards: {surname4} and {surname5}. The next match day follows in a week, when all teams play at the "
        "same time.",
    ),
    Template(
        "price",
        "Price alert",
        "Price alert: {noun} {code} now ${decimal} instead of ${decimal2} at {org}. Offer valid until {date} while "
        "stocks last. Prices may change at any time.",
        ("org",),
    ),
    Template(
        "job",
        "Job offer: assistant in {place}",
        "{org} is looking for an assistant in {place} to start on {date}. You will work {n1:12-40} hours a week in a "
        "team of {n2:3-40} people and report to {person}. We expect a completed training, good knowledge of common "
        "office software, reliability and pleasure in dealing with people. We offer a modern workplace, flexible "
        "hours, thirty days of holiday and a subsidy for public transport. The salary is {money} a year. {org} is an "
        "equal opportunity employer. Please send your application with the reference {code} and all usual documents "
        "as a single file to our human resources department.",
        ("org",),
    ),
    Template(
        "obituary",
        "Obituary: {person}",
        "{person}, of {place}, passed away peacefully on {date} at the age of {n1:52-101}, surrounded by family. Born "
        "in {place2}, {person} worked for {n2:12-45} years at {org} and is survived by {n3:1-5} children and "
        "{n4:2-14} grandchildren. A service will be held at {time} at the parish church. In lieu of flowers the "
        "family asks for donations to the local hospice. Condolences may be left in the online book.",
    ),
    Template(
        "traffic",
        "Traffic notice",
        "Traffic notice for route {n1:2-99}: between {place} and {place2} one lane is closed from {date} to {date2} "
        "because of works on the {noun}. Expect delays of up to {n2:5-90} minutes. A diversion is signposted. We "
        "thank all drivers for their patience.",
    ),
    Template(
        "advisory",
        "Security advisory {code}",
        "A vulnerability was found in {noun} version {version}. A remote attacker could use this flaw to execute "
        "arbitrary code with the privileges of the running service. The issue has been assigned the identifier {code} "
        "and a severity of {decimal}. All users are advised to upgrade to version {version2}, which corrects this "
        "issue. Before applying this update, make sure that all previously released errata relevant to your system "
        "have been applied. For details on how to apply this update refer to the documentation. The service must be "
        "restarted for the update to take effect.",
    ),
    Template(
        "software",
        "{noun} {version} released",
        "Version {version} of {noun} is available as of {date}. It fixes {n1:3-90} bugs, among them a crash in the "
        "{noun2} module, and brings {n2:2-19} new translations. Thanks to {person} and {n3:3-60} other contributors. "
        "Downloads and the full list of changes are on the project page.",
        ("noun",),
    ),
    Template(
        "earthquake",
        "Earthquake near {place}",
        "An earthquake of magnitude {n1:3-7}.{n2:0-9} was registered {n3:4-190} kilometres from {place} on {date} at "
        "{time}, at a depth of {n4:5-99} kilometres. There were no immediate reports of damage or casualties. The "
        "data are preliminary and may be revised by a seismologist.",
    ),
    Template(
        "property",
        "Flat for rent in {place}",
        "Flat for rent in {place}: {n1:1-6} rooms on {n2:28-180} square metres, floor {n3:1-12}, available from "
        "{date}. The flat has a fitted kitchen, a bathroom with a window, a cellar compartment and a shared garden. "
        "Shops, schools and public transport are within walking distance. Rent {money} a month plus service charges "
        "and a deposit of three months. Viewings by appointment with {person}. All statements are based on "
        "information from the owner, and no liability is assumed for them.",
    ),
    Template(
        "recall",
        "Product recall",
        "{org} recalls the {adjective} {noun} with the batch number {code}, sold from {date} to {date2}. Tests have "
        "shown that {n1:2-60} of {n2:100-900} pieces may break in use. Customers can return the product to any shop "
        "and will be refunded without a receipt. Other products and batches are not affected. We apologise for any "
        "inconvenience.",
        ("org",),
    ),
    Template(
        "event",
        "Concert in {place}",
        "{person} plays on {date} at {time} in the {noun} hall in {place}. Tickets cost ${decimal} in advance and are "
        "on sale at all usual places. Doors open an hour before. Children under six are free.",
    ),
    Template(
        "exchange",
        "Exchange rates of the day",
        "Reference rates of {date}. Euro 1.{n2:100-299}, pound 1.{n4:200-499}, yen {n5:120-169}.{n6:10-99}, "
        "franc 0.{n7:800-990}. The rates are published at four in the afternoon for information purposes only.",
    ),
    Template(
        "agenda",
        "Public meeting of the council of {place}",
        "The council of {place} meets on {date} at {time} in the assembly room of the town hall. On the agenda: "
        "approval of the minutes; the building of a {noun} for {money}; the petition of {person} on the {noun2}; a "
        "report of the treasurer; any other business. The meeting is open to the public. Guests are asked to take "
        "their seats before it begins and to switch off telephones. Documents can be inspected at the office during "
        "opening hours.",
        ("place",),
    ),
)
SAME_TITLES: Final = (
    "Weekly links",
    "Morning briefing",
    "Letters to the editor",
    "This week in review",
    "What we are reading",
    "Open thread",
    "Photo of the day",
    "Five things to know today",
)
# what a site sets below every item; each site has its own choice
BOILERPLATE: Final = (
    "This message was sent to all members of {org} who asked for short news.",
    "You receive it because you ticked the box on the form when you joined {org} in {year}.",
    "If you no longer want to receive such messages, answer with the word stop in the subject line.",
    "You can change your preferences in the members' area under settings and messages at any time.",
    "It can take up to five working days until a change of your preferences takes effect.",
    "Please do not answer to this address with questions, since nobody reads the letters that arrive here.",
    "Our office in {place} is glad to help on the telephone from Monday to Thursday in the morning.",
    "{org} is entered in the register of the local court of {place} and recognised as serving the public good.",
    "All photographs on these pages belong to their makers and may not be used without asking them first.",
    "The content of the pages that we link to is the responsibility of those who run them.",
    "We process personal data according to the law and delete them when they are no longer needed.",
    "By using this site you agree to our terms, our privacy notice and the use of cookies and similar technologies.",
    "Prices include the legal tax and do not include shipping, which depends on weight and country.",
    "Some of the links on this page are affiliate links, for which {org} may receive a small commission.",
    "Our editors work independently and are not told by advertisers what to write about their products.",
    "Comments are moderated between eight in the morning and ten in the evening, and close after a week.",
)
NEWS_IN_BRIEF: Final = (
    "{person} won the {noun} prize of {place}.",
    "The {noun} in {place} opens again on {date}.",
    "{org} now employs {n1:20-990} people in {place}.",
    "{person} of {place} found {n1:2-60} coins under a {noun}.",
    "On {date} {n1:100-990} visitors came to see the {adjective} {noun} of {place}.",
)
