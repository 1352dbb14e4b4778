"""The files of a package and their columns: OneRoster CSV Binding 1.2.1 with the Japan K-12/Schools Profile.

Tolerant of shape: any order of columns, optional columns absent, both spellings of ``metadata.jp.shussekiNo``, the
``resourceSourcedIds`` of the older profile. Strict on content: an unknown column is refused, because a misspelt
``beginDate`` would otherwise be silently read as blank; only other vendors' ``metadata.*`` columns are passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.registry.oneroster import cells
from services.registry.oneroster.cells import Check

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

ALIASES = {
    "metadata.jp.ShussekiNo": "metadata.jp.shussekiNo",
    "metadata.jp.PublicFlg": "metadata.jp.publicFlg",
}

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
    """One file: ``needed`` columns must be there and filled, ``checks`` apply to filled cells."""

    name: str
    needed: tuple[str, ...]
    optional: tuple[str, ...] = ()
    checks: Mapping[str, Check] = field(default_factory=dict)
    obligatory: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns the file may have."""
        return (*self.needed, *self.optional)

    @property
    def manifest_property(self) -> str:
        """``orgs.csv`` → ``file.orgs``."""
        return f"file.{self.name.removesuffix('.csv')}"


_BASE = {"sourcedId": cells.sourced_id, "status": cells.status}
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
    f"metadata.jp.kana{part}"
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
                "title": cells.year_title,
                "type": cells.one_of(["schoolYear"]),
                "startDate": cells.day,
                "endDate": cells.day,
                "schoolYear": cells.year,
            },
        ),
        FileLayout(
            ORGS,
            ("sourcedId", "name", "type"),
            (*_STAMPS, "identifier", "parentSourcedId"),
            {**_BASE, "name": cells.text, "type": cells.one_of(["district", "school"])},
        ),
        FileLayout(
            COURSES,
            ("sourcedId", "title", "orgSourcedId"),
            (*_STAMPS, "schoolYearSourcedId", "courseCode", "grades", "subjects", "subjectCodes"),
            {**_BASE, "title": cells.text, "grades": cells.grades},
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
                "title": cells.text,
                "classType": cells.one_of(["homeroom", "scheduled"]),
                "grades": cells.grades,
                "termSourcedIds": cells.sourced_ids,
                "metadata.jp.specialNeeds": cells.boolean,
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
                "enabledUser": cells.boolean,
                "username": cells.text,
                "userIds": cells.user_ids,
                "agentSourcedIds": cells.sourced_ids,
                "grades": cells.grades,
                **dict.fromkeys(_NAMES, cells.name),
                **dict.fromkeys(_KANA, cells.kana),
            },
        ),
        FileLayout(
            ROLES,
            ("sourcedId", "userSourcedId", "roleType", "role", "orgSourcedId"),
            (*_STAMPS, "beginDate", "endDate", "userProfileSourcedId"),
            {
                **_BASE,
                "roleType": cells.one_of(["primary", "secondary"]),
                "role": cells.one_of(["student", *GUARDIAN_ROLES, *STAFF_ROLES]),
                "beginDate": cells.day,
                "endDate": cells.day,
            },
        ),
        FileLayout(
            ENROLLMENTS,
            ("sourcedId", "classSourcedId", "schoolSourcedId", "userSourcedId", "role"),
            (*_STAMPS, "primary", "beginDate", "endDate", "metadata.jp.shussekiNo", "metadata.jp.publicFlg"),
            {
                **_BASE,
                "role": cells.one_of(["student", "teacher", "administrator", "guardian"]),
                "primary": cells.boolean,
                "beginDate": cells.day,
                "endDate": cells.day,
                "metadata.jp.shussekiNo": cells.number,
                "metadata.jp.publicFlg": cells.boolean,
            },
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
                "birthDate": cells.day,
                "sex": cells.one_of(["male", "female", "unspecified", "other"]),
                **dict.fromkeys(_RACES, cells.boolean),
            },
            obligatory=False,
        ),
        FileLayout(
            USER_PROFILES,
            ("sourcedId", "userSourcedId", "profileType", "vendorId", "credentialType", "username"),
            (*_STAMPS, "applicationId", "description", "password"),
            _BASE,
            obligatory=False,
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
