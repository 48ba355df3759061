"""The company's reference data: business units, campaigns, employees, call reasons, job types, tags, booking sources.

Other modules refer to them by index; the arrays `…_IDS` turn indexes into the ids that rows hold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stcrm_pandas.sandbox.company.base.cells import from_codes
from stcrm_pandas.sandbox.company.base.chance import Ints
from stcrm_pandas.sandbox.company.base.times import CLIMATE, DRAINS, PLUMBING
from stcrm_pandas.sandbox.store.columns import Cells

HVAC_SERVICE, HVAC_INSTALL, PLUMBING_SERVICE, DRAIN_SERVICE = range(4)
BUSINESS_UNITS = ("HVAC Service", "HVAC Install", "Plumbing Service", "Drains")
TRADE = np.array([CLIMATE, CLIMATE, PLUMBING, DRAINS])
UNIT_WEIGHTS = (0.42, 0.13, 0.25, 0.20)

CATEGORIES = ("Online Search", "Local Services", "Direct Mail", "Referral", "Broadcast", "Web and Partners")

# Name, index of the category, active.
CAMPAIGNS = (
    ("Not Attributed", 5, True),
    ("Online Scheduler", 5, True),
    ("Website Form", 5, True),
    ("Local Services Ads", 1, True),
    ("Marketplace A", 5, True),
    ("Marketplace B", 5, True),
    ("Voice Agent", 5, True),
    ("Neighbors Recommend", 3, True),
    ("Postcard Comfort", 2, True),
    ("Search Comfort", 0, True),
    ("Radio Mornings", 4, False),
    ("Radio Evenings", 4, False),
    ("Search Same Day", 0, True),
    ("Home Show", 4, True),
    ("Coupon Mailer", 2, True),
    ("Church Bulletin", 3, False),
    ("Service Club Letter", 3, True),
    ("Search Brand", 0, True),
    ("Search Heating", 0, True),
    ("Search Cooling", 0, True),
    ("Search Plumbing", 0, True),
    ("Search Drains", 0, False),
    ("Maps Listing", 1, True),
    ("Maps Promotion", 1, False),
    ("Tune-up Postcard", 2, True),
    ("Furnace Flyer", 2, False),
    ("Winter Flyer", 2, False),
    ("New Mover Mailing", 2, True),
    ("Friends and Family", 3, True),
    ("Realtor Program", 3, False),
    ("Builder Program", 3, False),
    ("Television Spring", 4, False),
    ("Television Autumn", 4, False),
    ("Billboards North", 4, False),
    ("Billboards South", 4, False),
    ("Truck Wraps", 4, True),
    ("Video Ads", 5, False),
    ("Social Ads", 5, True),
)
DEFAULT_CAMPAIGN = 0


@dataclass(frozen=True, slots=True)
class Source:
    """A booking source: its spelling before and after mid-year, the index of its campaign, and its shares in %."""

    name: str
    respelled: str
    campaign: int
    share: float
    to_job: float
    dismissed: float


SOURCES = (
    Source("Scheduling Page", "Scheduling Page", 1, 26, 76, 11),
    Source("Web Form", "web-form", 2, 20, 55, 27),
    Source("Local Services Ads", "Local Services Ads", 3, 14, 58, 25),
    Source("Marketplace A", "MarketplaceA ", 4, 20, 22, 66),
    Source("Marketplace B", "Marketplace B", 5, 12, 18, 70),
    Source("Voice Agent", "VOICE AGENT", 6, 8, 48, 30),
)
SCHEDULING_PAGE, WEB_FORM, LOCAL_ADS, MARKETPLACE_A, MARKETPLACE_B, VOICE_AGENT = range(6)

# First and last name, role, active. The first nine create leads: seven in the office, two integrations.
EMPLOYEES = (
    ("Ines", "Garza", "CSR", True),
    ("Otto", "Marsh", "CSR", True),
    ("Lara", "Nguyen", "CSR", True),
    ("Finn", "Doyle", "Dispatch", True),
    ("Rosa", "Vega", "CSR", False),
    ("Mina", "Hale", "GeneralOffice", True),
    ("Hugo", "Brandt", "CSR", True),
    ("Website", "Integration", "EmptyEmployee", True),
    ("Partner", "Integration", "EmptyEmployee", True),
    ("Vera", "Stone", "Owner", True),
    ("Carl", "Ibarra", "Accounting", True),
    ("Nora", "Quist", "SalesManager", True),
    ("Will", "Ewing", "FieldManager", False),
)
OFFICE = range(7)
WEBSITE, PARTNERS = 7, 8
TECHNICIANS = 32

# Name, counts as a lead, active.
CALL_REASONS = (
    ("New customer inquiry", True, True),
    ("Price question", True, True),
    ("Estimate request", True, True),
    ("Second opinion", True, True),
    ("Will call back", True, True),
    ("No availability", True, True),
    ("Old inquiry", True, False),
    ("Vendor or sales call", False, True),
    ("Wrong number", False, True),
    ("Billing question", False, True),
)
OTHER_REASONS = range(7, 10)

# Name, index of the business unit, minutes.
JOB_TYPES = (
    ("No Cooling", 0, 120),
    ("No Heat", 0, 120),
    ("Maintenance", 0, 90),
    ("HVAC Estimate", 0, 60),
    ("System Install", 1, 480),
    ("Ductwork", 1, 300),
    ("Leak Repair", 2, 120),
    ("Water Heater", 2, 180),
    ("Fixture", 2, 90),
    ("Burst Pipe", 2, 180),
    ("Clogged Drain", 3, 90),
    ("Main Line", 3, 150),
    ("Camera Inspection", 3, 60),
)
INSTALL = 4

# Name, color, marks a sales opportunity.
TAGS = (
    ("VIP", "#D4AF37", False),
    ("Member", "#1F77B4", False),
    ("Landlord", "#9467BD", False),
    ("Senior", "#8C564B", False),
    ("Old System", "#D62728", True),
    ("Warranty", "#2CA02C", False),
    ("After Hours", "#17BECF", False),
    ("Financing", "#FF7F0E", True),
    ("Do Not Finance", "#7F7F7F", False),
    ("Referral", "#BCBD22", True),
)


# Name, index of the tag that means the same.
TWIN_TAGS = (("V.I.P.", 0), ("old system", 4), ("After-Hours", 6), ("DO NOT FINANCE", 8), ("Referal", 9))
UNUSED_TAG = "Promotion 2019"

# None of these means "not a lead", since analyses leave such leads out.
DISMISSING_REASONS = (
    "Price too high",
    "Chose a competitor",
    "No answer",
    "Postponed",
    "Service not offered",
    "No time that suited",
    "Repaired it without us",
    "Only wanted information",
)


def _ids(first: int, step: int, size: int) -> Ints:
    return np.arange(size, dtype=np.int64) * step + first


BUSINESS_UNIT_IDS = _ids(1_420, 11, len(BUSINESS_UNITS))
CATEGORY_IDS = _ids(2_310, 5, len(CATEGORIES))
CAMPAIGN_IDS = _ids(31_007, 13, len(CAMPAIGNS))
PROVIDER_IDS = _ids(77_100, 101, len(SOURCES))
EMPLOYEE_IDS = _ids(5_001, 3, len(EMPLOYEES))
USER_IDS = _ids(640_019, 7, len(EMPLOYEES) + TECHNICIANS)
"""Users: employees first, then technicians. Never equal to the id of an employee or technician."""
TECHNICIAN_IDS = _ids(5_900, 3, TECHNICIANS)
CALL_REASON_IDS = _ids(810, 2, len(CALL_REASONS))
JOB_TYPE_IDS = _ids(9_203, 17, len(JOB_TYPES))
TAG_IDS = _ids(4_404, 6, len(TAGS))
TWIN_IDS = _ids(4_464, 6, len(TWIN_TAGS))
TWINS_OF = np.array([tag for _, tag in TWIN_TAGS])
UNUSED_TAG_ID = 4_500
DISMISSING_REASON_IDS = _ids(620, 4, len(DISMISSING_REASONS))
_TYPES_OF_UNIT = [[index for index, kind in enumerate(JOB_TYPES) if kind[1] == unit] for unit in range(4)]


def job_types(rng: np.random.Generator, unit: Ints) -> Ints:
    """Draw job types of business units."""
    table = np.array([(types * 6)[:12] for types in _TYPES_OF_UNIT])
    picked: Ints = table[unit, rng.integers(0, 12, unit.size)]
    return picked


_COMBINATIONS = [[], *([int(a)] for a in TAG_IDS), *([int(a), int(b)] for a in TAG_IDS for b in TAG_IDS if a < b)]

_TWINS = dict(zip(TAG_IDS[TWINS_OF].tolist(), TWIN_IDS.tolist(), strict=True))
_ALL = [*_COMBINATIONS, *([_TWINS.get(tag, tag) for tag in tags] for tags in _COMBINATIONS)]
RESPELLED = 0.08


def drawn_tags(rng: np.random.Generator, size: int, none: float) -> Ints:
    """Draw codes of combinations of tags; a share of `none` has no tag."""
    some = np.where(rng.random(size) < 0.8, rng.integers(1, 11, size), rng.integers(11, len(_COMBINATIONS), size))
    return np.where(rng.random(size) < none, 0, some)


def respelled(rng: np.random.Generator, tags: Ints) -> Ints:
    """Return codes, some of them of the same tags under another spelling."""
    return np.where(rng.random(tags.size) < RESPELLED, tags + len(_COMBINATIONS), tags)


def tag_lists(indexes: Ints) -> Cells:
    """Return lists of tag ids for codes."""
    return from_codes(_ALL, indexes)
