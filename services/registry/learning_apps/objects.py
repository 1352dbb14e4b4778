"""Rows of an export as the records of the REST binding. Pure.

Source: 1EdTech OneRoster 1.2 Rostering Service, information model and JSON binding; the Japan profile's columns
(``metadata.jp.*``) are kept under their names in ``metadata``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.registry.learning_apps.rules import Object
from services.registry.oneroster.packing import Row

BASE = "/ims/oneroster/rostering/v1p2"
_SINGULAR = {"academicSessions": "academicSession", "classes": "class"}


def singular(collection: str) -> str:
    """``orgs`` → org; what a single record is called in an answer."""
    return _SINGULAR.get(
        collection, collection.removesuffix("s") if collection != "demographics" else collection
    )


class Records:
    """Makes records. ``origin``: where this service is, for references."""

    def __init__(self, origin: str) -> None:
        self._base = f"{origin}{BASE}"

    def _ref(self, collection: str, sourced_id: str) -> Object:
        return {
            "href": f"{self._base}/{collection}/{sourced_id}",
            "sourcedId": sourced_id,
            "type": singular(collection),
        }

    def _refs(self, collection: str, cell: str) -> list[Object]:
        return [self._ref(collection, each) for each in cell.split(",") if each]

    def session(self, row: Row) -> Object:
        """A school year."""
        return {**_head(row), **_kept(row, "title", "startDate", "endDate", "type", "schoolYear")}

    def org(self, row: Row, children: Sequence[str] = ()) -> Object:
        """The board or a school."""
        parent = row["parentSourcedId"]
        return {
            **_head(row),
            "name": row["name"],
            "type": row["type"],
            "identifier": row["identifier"],
            **({"parent": self._ref("orgs", parent)} if parent else {}),
            **({"children": [self._ref("orgs", each) for each in children]} if children else {}),
        }

    def course(self, row: Row) -> Object:
        """What a school's classes belong to; the Japan profile has no course codes, the schema wants one."""
        return {
            **_head(row),
            "title": row["title"],
            "schoolYear": self._ref("academicSessions", row["schoolYearSourcedId"]),
            "courseCode": "",
            "org": self._ref("orgs", row["orgSourcedId"]),
        }

    def class_(self, row: Row) -> Object:
        """A class."""
        return {
            **_head(row),
            "title": row["title"],
            "classType": row["classType"],
            "grades": row["grades"].split(","),
            "course": self._ref("courses", row["courseSourcedId"]),
            "school": self._ref("orgs", row["schoolSourcedId"]),
            "terms": self._refs("academicSessions", row["termSourcedIds"]),
            "metadata": {"jp.specialNeeds": row["metadata.jp.specialNeeds"]},
        }

    def user(self, row: Row, roles: Sequence[Row]) -> Object:
        """A person with the hats they wear."""
        primary = row["primaryOrgSourcedId"]
        return {
            **_head(row),
            **_kept(row, "userMasterIdentifier", "username", "enabledUser", "givenName", "familyName"),
            "preferredFirstName": row["preferredGivenName"],
            "preferredLastName": row["preferredFamilyName"],
            "roles": [
                {
                    "roleType": each["roleType"],
                    "role": each["role"],
                    "org": self._ref("orgs", each["orgSourcedId"]),
                    **_dates(each),
                }
                for each in roles
            ],
            **({"primaryOrg": self._ref("orgs", primary)} if primary else {}),
            "agents": self._refs("users", row["agentSourcedIds"]),
            "grades": [each for each in row["grades"].split(",") if each],
            "metadata": _metadata(row),
        }

    def enrollment(self, row: Row) -> Object:
        """Somebody in a class."""
        return {
            **_head(row),
            "user": self._ref("users", row["userSourcedId"]),
            "class": self._ref("classes", row["classSourcedId"]),
            "school": self._ref("orgs", row["schoolSourcedId"]),
            **_kept(row, "role", "primary"),
            **_dates(row),
            "metadata": _metadata(row),
        }

    def demographics(self, row: Row) -> Object:
        """Birth date and sex."""
        return {**_head(row), **_kept(row, "birthDate", "sex")}


def _head(row: Row) -> Object:
    return {name: row[name] for name in ("sourcedId", "status", "dateLastModified")}


def _kept(row: Row, *names: str) -> Object:
    return {name: row[name] for name in names if row.get(name)}


def _dates(row: Row) -> Object:
    return {name: row[name] for name in ("beginDate", "endDate") if row.get(name)}


def _metadata(row: Mapping[str, str]) -> dict[str, Any]:
    return {
        name.removeprefix("metadata."): value
        for name, value in row.items()
        if name.startswith("metadata.") and value
    }


def _fields(words: str) -> frozenset[str]:
    return frozenset(("sourcedId", "status", "dateLastModified", "metadata", *words.split()))


FIELDS: Mapping[str, frozenset[str]] = {
    "academicSessions": _fields("title startDate endDate type parent children schoolYear"),
    "orgs": _fields("name type identifier parent children"),
    "courses": _fields("title schoolYear courseCode grades subjects org subjectCodes resources"),
    "classes": _fields(
        "title classCode classType location grades subjects course school terms subjectCodes periods resources"
    ),
    "users": _fields(
        "userMasterIdentifier username userIds enabledUser givenName familyName middleName preferredFirstName"
        " preferredMiddleName preferredLastName pronouns roles userProfiles primaryOrg identifier email sms phone"
        " agents grades password resources"
    ),
    "enrollments": _fields("user class school role primary beginDate endDate"),
    "demographics": _fields(
        "birthDate sex americanIndianOrAlaskaNative asian blackOrAfricanAmerican nativeHawaiianOrOtherPacificIslander"
        " white demographicRaceTwoOrMoreRaces hispanicOrLatinoEthnicity countryOfBirthCode stateOfBirthAbbreviation"
        " cityOfBirth publicSchoolResidenceStatus"
    ),
}
"""Fields of the standard, by collection: these may be asked for, sorted and filtered by."""
