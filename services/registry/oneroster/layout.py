"""The files of a package and their columns: OneRoster CSV Binding 1.2.1 with the Japan K-12/Schools Profile.

Tolerant of shape: any order of columns, optional columns absent, both spellings of ``metadata.jp.*``, the
``resourceSourcedIds`` of the older profile. Strict on content: an unknown column is refused, because a misspelt
``beginDate`` would otherwise be silently read as blank; only other vendors' ``metadata.*`` columns are passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.registry.oneroster import cells
from services.registry.oneroster.cells import Kind

MANIFEST = "manifest.csv"
ACADEMIC_SESSIONS = "academicSessions.csv"
ORGS = "orgs.csv"
COURSES = "courses.csv"
CLASSES = "classes.csv"
USERS = "users.csv"
ROLES = "roles.csv"
ENROLLMENTS = "enrollments.csv"
DEMOGRAPHICS = "demographics.csv"
USER_PROFILES = "userProfiles.csv"

VERSIONS = ("1.2_JP", "1.2.1", "1.2")
"""1.2_JP is the profile of 2026; the others are declared by earlier Japan profiles with the same columns."""

NULL = "NULL"
"""What some exporters write for an empty parent of a school year."""

JP = "metadata.jp."

STAFF_ROLES = (
    "teacher",
    "aide",
    "counselor",
    "principal",
    "proctor",
    "districtAdministrator",
    "siteAdministrator",
    "systemAdministrator",
)
GUARDIAN_ROLES = ("guardian", "parent", "relative")


@dataclass(frozen=True, slots=True)
class FileLayout:
    """One file: ``needed`` columns must be there and filled; ``kinds`` say what filled cells hold.

    A column without a kind is nothing that a roster needs: it is let in and not read. ``counted`` columns are checked
    and not kept.
    """

    name: str
    needed: tuple[str, ...]
    optional: tuple[str, ...] = ()
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    counted: tuple[str, ...] = ()
    obligatory: bool = True
    referred: bool = True
    """Whether rows of other files refer to its rows."""
    kept_on: bool = True
    """Whether a roster needs what it said last time."""

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns the file may have."""
        return (*self.needed, *self.optional)

    def kept(self) -> frozenset[str]:
        """Columns that are read."""
        return frozenset((*self.needed, *self.kinds))

    @property
    def manifest_property(self) -> str:
        """``orgs.csv`` → ``file.orgs``."""
        return f"file.{self.name.removesuffix('.csv')}"


def column_of(written: str) -> str:
    """A heading as the profile of 2026 spells it: earlier ones wrote ``metadata.jp.ShussekiNo``, ``…PublicFlg``."""
    if not written.startswith(JP):
        return written
    return JP + written[len(JP) : len(JP) + 1].lower() + written[len(JP) + 1 :]


_BASE = {"sourcedId": cells.SOURCED_ID, "status": cells.STATUS, "dateLastModified": cells.INSTANT}
_STAMPS = ("status", "dateLastModified")
_NAMES = (
    "givenName",
    "familyName",
    "middleName",
    "preferredGivenName",
    "preferredMiddleName",
    "preferredFamilyName",
)
_KANA = tuple(
    f"{JP}kana{part}"
    for part in (
        "GivenName",
        "FamilyName",
        "MiddleName",
        "PreferredFamilyName",
        "PreferredGivenName",
        "PreferredMiddleName",
    )
)
_RACES = (
    "americanIndianOrAlaskaNative",
    "asian",
    "blackOrAfricanAmerican",
    "nativeHawaiianOrOtherPacificIslander",
    "white",
    "demographicRaceTwoOrMoreRaces",
    "hispanicOrLatinoEthnicity",
)

LAYOUTS = {
    layout.name: layout
    for layout in (
        FileLayout(
            ACADEMIC_SESSIONS,
            ("sourcedId", "title", "type", "startDate", "endDate", "schoolYear"),
            (*_STAMPS, "parentSourcedId"),
            {
                **_BASE,
                "title": cells.YEAR_TITLE,
                "type": cells.one_of("schoolYear"),
                "startDate": cells.DAY,
                "endDate": cells.DAY,
                "schoolYear": cells.YEAR,
                "parentSourcedId": cells.SOURCED_ID,
            },
        ),
        FileLayout(
            ORGS,
            ("sourcedId", "name", "type"),
            (*_STAMPS, "identifier", "parentSourcedId"),
            {
                **_BASE,
                "name": cells.TEXT,
                "type": cells.one_of("district", "school"),
                "identifier": cells.CODE,
                "parentSourcedId": cells.SOURCED_ID,
            },
        ),
        FileLayout(
            COURSES,
            ("sourcedId", "title", "orgSourcedId"),
            (*_STAMPS, "schoolYearSourcedId", "courseCode", "grades", "subjects", "subjectCodes"),
            {
                **_BASE,
                "title": cells.TEXT,
                "orgSourcedId": cells.SOURCED_ID,
                "schoolYearSourcedId": cells.SOURCED_ID,
                "grades": cells.GRADES,
                "subjects": cells.TEXT,
                "subjectCodes": cells.CODE,
            },
        ),
        FileLayout(
            CLASSES,
            ("sourcedId", "title", "classType", "courseSourcedId", "termSourcedIds", "schoolSourcedId"),
            (
                *_STAMPS,
                "grades",
                "classCode",
                "location",
                "subjects",
                "subjectCodes",
                "periods",
                "metadata.jp.specialNeeds",
            ),
            {
                **_BASE,
                "title": cells.TEXT,
                "classType": cells.one_of("homeroom", "scheduled"),
                "courseSourcedId": cells.SOURCED_ID,
                "termSourcedIds": cells.SOURCED_IDS,
                "schoolSourcedId": cells.SOURCED_ID,
                "grades": cells.GRADES,
                "subjects": cells.TEXT,
                "subjectCodes": cells.CODE,
                "metadata.jp.specialNeeds": cells.BOOLEAN,
            },
        ),
        FileLayout(
            USERS,
            ("sourcedId", "enabledUser", "username", "givenName", "familyName"),
            (
                *_STAMPS,
                "userIds",
                *_NAMES[2:],
                "identifier",
                "email",
                "sms",
                "phone",
                "agentSourcedIds",
                "grades",
                "password",
                "userMasterIdentifier",
                "resourceSourcedIds",
                "primaryOrgSourcedId",
                "pronouns",
                *_KANA,
                "metadata.jp.homeClass",
            ),
            {
                **_BASE,
                "enabledUser": cells.BOOLEAN,
                "username": cells.TEXT,
                "userIds": cells.USER_IDS,
                "agentSourcedIds": cells.SOURCED_IDS,
                "grades": cells.GRADES,
                "primaryOrgSourcedId": cells.SOURCED_ID,
                "metadata.jp.homeClass": cells.SOURCED_ID,
                **dict.fromkeys(_NAMES, cells.NAME),
                **dict.fromkeys(_KANA, cells.KANA),
            },
            counted=("enabledUser", "username", "userIds"),
        ),
        FileLayout(
            ROLES,
            ("sourcedId", "userSourcedId", "roleType", "role", "orgSourcedId"),
            (*_STAMPS, "beginDate", "endDate", "userProfileSourcedId"),
            {
                **_BASE,
                "userSourcedId": cells.SOURCED_ID,
                "roleType": cells.one_of("primary", "secondary"),
                "role": cells.one_of("student", *GUARDIAN_ROLES, *STAFF_ROLES),
                "beginDate": cells.DAY,
                "endDate": cells.DAY,
                "orgSourcedId": cells.SOURCED_ID,
                "userProfileSourcedId": cells.SOURCED_ID,
            },
            counted=("roleType",),
            referred=False,
        ),
        FileLayout(
            ENROLLMENTS,
            ("sourcedId", "classSourcedId", "schoolSourcedId", "userSourcedId", "role"),
            (*_STAMPS, "primary", "beginDate", "endDate", "metadata.jp.shussekiNo", "metadata.jp.publicFlg"),
            {
                **_BASE,
                "classSourcedId": cells.SOURCED_ID,
                "schoolSourcedId": cells.SOURCED_ID,
                "userSourcedId": cells.SOURCED_ID,
                "role": cells.one_of("student", "teacher", "administrator", "guardian"),
                "primary": cells.BOOLEAN,
                "beginDate": cells.DAY,
                "endDate": cells.DAY,
                "metadata.jp.shussekiNo": cells.NUMBER,
                "metadata.jp.publicFlg": cells.BOOLEAN,
            },
            counted=("metadata.jp.publicFlg",),
            referred=False,
        ),
        FileLayout(
            DEMOGRAPHICS,
            ("sourcedId",),
            (
                *_STAMPS,
                "birthDate",
                "sex",
                *_RACES,
                "countryOfBirthCode",
                "stateOfBirthAbbreviation",
                "cityOfBirth",
                "publicSchoolResidenceStatus",
            ),
            {
                **_BASE,
                "birthDate": cells.DAY,
                "sex": cells.one_of("male", "female", "unspecified", "other"),
                **dict.fromkeys(_RACES, cells.BOOLEAN),
            },
            counted=_RACES,
            obligatory=False,
            referred=False,
        ),
        FileLayout(
            USER_PROFILES,
            ("sourcedId", "userSourcedId", "profileType", "vendorId", "credentialType", "username"),
            (*_STAMPS, "applicationId", "description", "password"),
            {**_BASE, "userSourcedId": cells.SOURCED_ID},
            obligatory=False,
            kept_on=False,
        ),
    )
}

OTHER_FILES = (
    "categories",
    "classResources",
    "courseResources",
    "lineItemLearningObjectiveIds",
    "lineItems",
    "lineItemScoreScales",
    "resources",
    "resultLearningObjectiveIds",
    "results",
    "resultScoreScales",
    "scoreScales",
    "userResources",
)
"""Files of OneRoster that carry no roster: a package must declare them absent."""
