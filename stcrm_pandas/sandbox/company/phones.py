"""Unassigned phone numbers, and the formats in which people write them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from stcrm_pandas.sandbox.company.cells import take
from stcrm_pandas.sandbox.company.chance import Ints
from stcrm_pandas.sandbox.company.ordering import wide
from stcrm_pandas.sandbox.store.columns import Cells, concatenate

_AREA_CODES = (
    "201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 220 223 224 225 227 228 229 231 234 235 "
    "239 240 248 251 252 253 254 256 260 262 267 269 270 272 274 276 279 281 283 301 302 303 304 305 307 308 309 "
    "310 312 313 314 315 316 317 318 319 320 321 323 324 325 326 327 329 330 331 332 334 336 337 339 341 346 347 "
    "350 351 352 353 360 361 363 364 369 380 385 386 401 402 404 405 406 407 408 409 410 412 413 414 415 417 419 "
    "423 424 425 430 432 434 435 440 442 443 445 447 448 458 463 464 469 470 472 475 478 479 480 484 501 502 503 "
    "504 505 507 508 509 510 512 513 515 516 517 518 520 530 531 534 539 540 541 551 557 559 561 562 563 564 567 "
    "570 571 572 573 574 575 580 582 585 586 601 602 603 605 606 607 608 609 610 612 614 615 616 617 618 619 620 "
    "623 626 628 629 630 631 636 640 641 645 646 650 651 656 657 659 660 661 662 667 669 678 680 681 682 686 689 "
    "701 702 703 704 706 707 708 712 713 714 715 716 717 718 719 720 724 725 726 727 728 730 731 732 734 737 738 "
    "740 743 747 748 754 757 760 762 763 765 769 770 771 772 773 774 775 779 781 785 786 801 802 803 804 805 806 "
    "808 810 812 813 814 815 816 817 818 820 821 826 828 830 831 832 835 838 839 840 843 845 847 848 850 854 856 "
    "857 858 859 860 862 863 864 865 870 872 878 901 903 904 906 907 908 909 910 912 913 914 915 916 917 918 919 "
    "920 925 928 929 930 931 934 936 937 938 940 941 943 945 947 948 949 951 952 954 956 959 970 971 972 973 975 "
    "978 979 980 983 984 985 986 989"
)
AREA_CODES = tuple(map(int, _AREA_CODES.split()))
"""All of the United States: one area does not have enough numbers."""
LINES = 9_999
"""Numbers of exchange 555 in one area, without 555-1212, which is directory assistance."""
NUMBERS = len(AREA_CODES) * LINES
SLOTS = 6
"""Most phone numbers and e-mail addresses of a person."""
OWN_SLOT = 4
"""The slot of the numbers of business units, by index: no customer has so many contacts."""
FORMATS = 4
"""Formats in ordinary use, the first ones of all."""
_ALL_FORMATS = (
    ("{}555", ""),
    ("({}) 555-", ""),
    ("{}-555-", ""),
    ("+1{}555", ""),
    ("{}.555.", ""),
    ("1-{}-555-", ""),
    ("001 {} 555 ", ""),
    ("cell: {}-555-", ""),
    ("{}555", ".0"),
    ("({})555-", " x12"),
    ("{}-555-", " ext. 4"),
    ("{} - 555 - ", ""),
    ("({}) 555-", " (wife)"),
)
ALL_FORMATS = len(_ALL_FORMATS)
_ENDS = tuple(dict.fromkeys(end for _, end in _ALL_FORMATS))
_END_OF_FORMAT = np.array([_ENDS.index(end) for _, end in _ALL_FORMATS])
_AREAS = pa.array(['"' + start.format(area) for start, _ in _ALL_FORMATS for area in AREA_CODES])
_LINES = pa.array([f'{line:04d}{end}"' for end in _ENDS for line in range(10_000)])


def phone_cells(who: Ints, slot: Ints, how: Ints | int) -> Cells:
    """Return phone numbers in one of the formats; format 0 is the digits alone.

    They are unique for each person and slot, for some 600,000 people. They are valid, and of exchange 555, which is not
    assigned to people.
    """
    area, line = np.divmod((wide(who) * SLOTS + slot) * 7_654_321 % NUMBERS, LINES)
    line += line >= 1_212
    return concatenate(
        take(_AREAS, wide(how) * len(AREA_CODES) + area), take(_LINES, _END_OF_FORMAT[how] * 10_000 + line)
    )


def phone_digits(who: Ints, slot: Ints) -> list[str]:
    """Return the ten digits of phone numbers."""
    return [number[1:-1] for number in phone_cells(who, slot, 0).to_pylist()]
