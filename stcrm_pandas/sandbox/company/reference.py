"""Rows of reference data: campaigns, business units, employees and so on, inactive ones included."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from stcrm_pandas.sandbox.company.base import catalogue
from stcrm_pandas.sandbox.company.base.cells import Row
from stcrm_pandas.sandbox.company.base.chance import Ints
from stcrm_pandas.sandbox.company.base.names import DRAWN_FIRST, FIRST, LAST
from stcrm_pandas.sandbox.company.base.people import OWN_SLOT, ten_digits
from stcrm_pandas.sandbox.company.base.times import DAY, HOUR
from stcrm_pandas.sandbox.company.base.world import World
from stcrm_pandas.sandbox.company.leads import retired_on

Columns = Mapping[str, Iterable[Any]]


def rows_of(columns: Columns) -> Iterator[Row]:
    """Yield a dict for each row of columns of equal length.

    >>> list(rows_of({"id": [1, 2], "name": ["a", None]}))
    [{'id': 1, 'name': 'a'}, {'id': 2, 'name': None}]
    """
    names = tuple(columns)
    return (dict(zip(names, cells, strict=True)) for cells in zip(*columns.values(), strict=True))


def nulls(size: int) -> list[None]:
    return [None] * size


def empty_lists(size: int) -> list[list[Any]]:
    """Return empty lists that are separate objects."""
    return [[] for _ in range(size)]


COMPANY = "Bluebonnet Home Services"


def _since(world: World, size: int, *, years: float = 5) -> Ints:
    """Return times of creation, several days apart, before the 24 months."""
    return world.seasons.start - int(years * 365 * DAY) + np.arange(size) * (9 * DAY + 4_321) + HOUR


def business_unit_rows(world: World) -> Iterator[Row]:
    size = len(catalogue.BUSINESS_UNITS)
    since = world.times.of(_since(world, size, years=8))
    none = nulls(size)
    return rows_of(
        {
            "id": catalogue.BUSINESS_UNIT_IDS.tolist(),
            "active": [True] * size,
            "name": catalogue.BUSINESS_UNITS,
            "officialName": [f"{COMPANY} {name}" for name in catalogue.BUSINESS_UNITS],
            "email": [f"unit{index}@example.com" for index in range(size)],
            "currency": ["USD"] * size,
            "phoneNumber": ten_digits(np.arange(size), np.full(size, OWN_SLOT)),
            "invoiceHeader": none,
            "invoiceMessage": none,
            "defaultTaxRate": [0.0825] * size,
            "authorizationParagraph": none,
            "acknowledgementParagraph": none,
            "address": [_unit_address() for _ in range(size)],
            "materialSku": none,
            "quickbooksClass": none,
            "accountCode": [f"{4_000 + 100 * index}" for index in range(size)],
            "franchiseId": none,
            "conceptCode": none,
            "corporateContractNumber": none,
            "trade": [{"id": 3 + index // 2, "name": ("HVAC", "Plumbing")[index // 2]} for index in range(size)],
            "division": none,
            "tagTypeIds": empty_lists(size),
            "tenant": none,
            "createdOn": since,
            "modifiedOn": since,
            "externalData": empty_lists(size),
            "certifiedSentriconSpecialistCode": none,
        }
    )


def _unit_address() -> Row:
    return {
        "street": "1200 Prairie Rd",
        "unit": None,
        "city": "Round Rock",
        "state": "TX",
        "zip": "78664",
        "country": "USA",
        "latitude": 30.5083,
        "longitude": -97.6789,
        "isManualCoordinates": False,
        "isMilitary": False,
    }


def campaign_category_rows(world: World) -> Iterator[Row]:
    size = len(catalogue.CATEGORIES)
    since = world.times.of(_since(world, size, years=7))
    return rows_of(
        {
            "id": catalogue.CATEGORY_IDS.tolist(),
            "name": catalogue.CATEGORIES,
            "active": [True] * size,
            "type": ["GoogleHomeServices" if name == "Local Services" else "Regular" for name in catalogue.CATEGORIES],
            "createdOn": since,
            "modifiedOn": since,
        }
    )


def campaign_rows(world: World) -> Iterator[Row]:
    size = len(catalogue.CAMPAIGNS)
    names, categories, active = zip(*catalogue.CAMPAIGNS, strict=True)
    created = _since(world, size, years=4)
    edited = np.where(active, created + 40 * DAY, retired_on(world.seasons) + 2 * DAY)
    numbers = ten_digits(np.arange(size), np.full(size, 3))
    return rows_of(
        {
            "id": catalogue.CAMPAIGN_IDS.tolist(),
            "name": names,
            "modifiedOn": world.times.of(edited),
            "createdOn": world.times.of(created),
            "active": active,
            "isDefaultCampaign": [index == catalogue.DEFAULT_CAMPAIGN for index in range(size)],
            "category": [
                {"id": int(catalogue.CATEGORY_IDS[index]), "name": catalogue.CATEGORIES[index], "active": True}
                for index in categories
            ],
            "source": ["Google" if "Search" in name or "Maps" in name else None for name in names],
            "otherSource": nulls(size),
            "businessUnit": nulls(size),
            "medium": ["cpc" if "Search" in name else None for name in names],
            "otherMedium": nulls(size),
            "campaignPhoneNumbers": [[number] if index % 3 else [] for index, number in enumerate(numbers)],
        }
    )


def tag_type_rows(world: World) -> Iterator[Row]:
    tags, ids = [*catalogue.TAGS], catalogue.TAG_IDS.tolist()
    if world.dirty:
        tags += [(name, *catalogue.TAGS[tag][1:]) for name, tag in catalogue.TWIN_TAGS]
        tags.append((catalogue.UNUSED_TAG, "#AEC7E8", False))
        ids += [*catalogue.TWIN_IDS.tolist(), catalogue.UNUSED_TAG_ID]
    size = len(tags)
    names, colors, chances = zip(*tags, strict=True)
    since = world.times.of(_since(world, size))
    return rows_of(
        {
            "id": ids,
            "name": names,
            "color": colors,
            "code": [name[:3].upper() for name in names],
            "importance": ["High" if name == "VIP" else "Medium" if chance else None for name, _, chance in tags],
            "isConversionOpportunity": chances,
            "allowToUseOnTimesheetActivity": [False] * size,
            "isVisibleOnDispatchBoard": [True] * size,
            "active": [name != "Senior" for name in names],
            "createdOn": since,
            "modifiedOn": since,
        }
    )


def call_reason_rows(world: World) -> Iterator[Row]:
    names, are_leads, active = zip(*catalogue.CALL_REASONS, strict=True)
    since = world.times.of(_since(world, len(names)))
    return rows_of(
        {
            "id": catalogue.CALL_REASON_IDS.tolist(),
            "name": names,
            "isLead": are_leads,
            "active": active,
            "createdOn": since,
            "modifiedOn": since,
        }
    )


def job_type_rows(world: World) -> Iterator[Row]:
    size = len(catalogue.JOB_TYPES)
    names, units, minutes = zip(*catalogue.JOB_TYPES, strict=True)
    since = world.times.of(_since(world, size))
    return rows_of(
        {
            "id": catalogue.JOB_TYPE_IDS.tolist(),
            "name": names,
            "businessUnitIds": [[int(catalogue.BUSINESS_UNIT_IDS[unit])] for unit in units],
            "skills": empty_lists(size),
            "tagTypeIds": empty_lists(size),
            "priority": ["Urgent" if name in ("Burst Pipe", "No Heat") else "Normal" for name in names],
            "duration": [60 * minute for minute in minutes],
            "soldThreshold": [500.0 if minute > 200 else None for minute in minutes],
            "class": [catalogue.BUSINESS_UNITS[unit] for unit in units],
            "summary": [""] * size,
            "noCharge": [False] * size,
            "enforceRecurringServiceEventSelection": [name == "Maintenance" for name in names],
            "invoiceSignaturesRequired": [minute > 200 for minute in minutes],
            "modifiedOn": since,
            "createdOn": since,
            "externalData": empty_lists(size),
            "active": [name != "Ductwork" for name in names],
            "isSmartDispatched": [False] * size,
            "defaultEstimateSoldAction": ["Prompt"] * size,
            "customFieldTypeIds": empty_lists(size),
        }
    )


def employee_rows(world: World) -> Iterator[Row]:
    size = len(catalogue.EMPLOYEES)
    firsts, lasts, roles, active = zip(*catalogue.EMPLOYEES, strict=True)
    created = _since(world, size, years=6)
    since, none = world.times.of(created), nulls(size)
    left = np.full(size, world.seasons.as_of - 90 * DAY)
    owner = int(catalogue.EMPLOYEE_IDS[9])
    return rows_of(
        {
            "id": catalogue.EMPLOYEE_IDS.tolist(),
            "userId": catalogue.USER_IDS[:size].tolist(),
            "name": [f"{first} {last}" for first, last in zip(firsts, lasts, strict=True)],
            "firstName": firsts,
            "lastName": lasts,
            "managerId": [None if role == "Owner" else owner for role in roles],
            "role": roles,
            "roleIds": empty_lists(size),
            "businessUnitId": none,
            "createdOn": since,
            "modifiedOn": since,
            "email": [f"{first}.{last}@example.com".lower() for first, last in zip(firsts, lasts, strict=True)],
            "phoneNumber": ten_digits(np.arange(size), np.full(size, 5)),
            "loginName": [f"{first[0]}{last}".lower() for first, last in zip(firsts, lasts, strict=True)],
            "active": active,
            "aadUserId": none,
            "accountLocked": [not working for working in active],
            "home": none,
            "agentId": [7_000 + index for index in range(size)],
            "startDate": since,
            "terminationDate": world.times.of(left, np.array(active)),
            "hourlyRate": [0.0 if role == "EmptyEmployee" else 21.5 + index for index, role in enumerate(roles)],
            "overtimeProfileId": none,
            "customFields": empty_lists(size),
            "permissions": none,
        }
    )


def technician_rows(world: World) -> Iterator[Row]:
    size = catalogue.TECHNICIANS
    indexes = range(size)
    since, none = world.times.of(_since(world, size, years=6)), nulls(size)
    firsts, lasts = (
        [FIRST[index * 7 % DRAWN_FIRST] for index in indexes],
        [LAST[index * 5 % len(LAST)] for index in indexes],
    )
    units = catalogue.BUSINESS_UNIT_IDS[np.arange(size) % 4].tolist()
    numbers = ten_digits(np.arange(size), np.full(size, 2))
    return rows_of(
        {
            "id": catalogue.TECHNICIAN_IDS.tolist(),
            "userId": catalogue.USER_IDS[-size:].tolist(),
            "name": [f"{first} {last}" for first, last in zip(firsts, lasts, strict=True)],
            "roleIds": empty_lists(size),
            "businessUnitId": units,
            "mainZoneId": none,
            "zoneIds": empty_lists(size),
            "createdOn": since,
            "modifiedOn": since,
            "email": [f"tech{index}@example.com" for index in indexes],
            "phoneNumber": numbers,
            "loginName": [f"tech{index}" for index in indexes],
            "home": none,
            "dailyGoal": [1_500.0] * size,
            "isManagedTech": [True] * size,
            "licenseType": ["ManagedInstaller" if index % 4 == 1 else "ManagedTech" for index in indexes],
            "customFields": empty_lists(size),
            "active": [index % 9 != 8 for index in indexes],
            "aadUserId": none,
            "burdenRate": [32.75] * size,
            "team": [("North", "South")[index % 2] for index in indexes],
            "jobFilter": ["AllScheduledDispatchedWorkingToday"] * size,
            "permissions": none,
            "accountLocked": [False] * size,
            "commissionRate": [0.05] * size,
            "currentValue": none,
            "firstName": firsts,
            "lastName": lasts,
            "hourlyRate": [28.5 + index % 8 for index in indexes],
            "jobId": none,
            "mobilePhone": numbers,
            "outboundCallerId": none,
            "payrollId": [f"P{index:03d}" for index in indexes],
            "payrollProfileId": none,
            "appoitmentId": none,
            "shiftStart": none,
            "shiftEnd": none,
            "soldByRate": [0.08] * size,
            "startDate": since,
            "status": ["Idle"] * size,
            "skills": _skills(size),
            "positions": [["Installer"] if index % 4 == 1 else ["Service"] for index in indexes],
            "location": none,
            "bio": none,
            "memo": none,
        }
    )


def _skills(size: int) -> list[list[dict[str, Any]]]:
    return [[{"id": 40 + index % 3, "name": ("Gas", "Refrigerant", "Backflow")[index % 3]}] for index in range(size)]


def booking_provider_tag_rows(world: World) -> Iterator[Row]:
    """Yield booking provider tags; their ids are the provider ids of bookings."""
    size = len(catalogue.SOURCES)
    created = _since(world, size, years=3)
    return rows_of(
        {
            "id": catalogue.PROVIDER_IDS.tolist(),
            "tagName": [source.name for source in catalogue.SOURCES],
            "description": [f"Bookings of {source.name}" for source in catalogue.SOURCES],
            "type": ["V1Api" if "Marketplace" in source.name else "V2Api" for source in catalogue.SOURCES],
            "createdOn": world.times.of(created),
            "modifiedOn": world.times.of(created + DAY),
            "active": [True] * size,
        }
    )


CATALOGUE: dict[str, Callable[[World], Iterator[Row]]] = {
    "booking_provider_tags": booking_provider_tag_rows,
    "business_units": business_unit_rows,
    "call_reasons": call_reason_rows,
    "campaign_categories": campaign_category_rows,
    "campaigns": campaign_rows,
    "employees": employee_rows,
    "job_types": job_type_rows,
    "tag_types": tag_type_rows,
    "technicians": technician_rows,
}
