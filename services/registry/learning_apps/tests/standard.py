# ruff: noqa: N815 (the names are the standard's)
"""The answers of the OneRoster 1.2 rostering service, written as models from the standard's information model.

1EdTech's own OpenAPI document is not kept here: its licence is not ours to give. What it says of needed members, of
enumerations and of members that may not be there is said here again, record by record; nothing else is let in.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, HttpUrl, StringConstraints

Extension = Annotated[str, StringConstraints(pattern=r"^ext:[a-zA-Z0-9.\-_]+$")]
Truth = Literal["true", "false"]
SourcedId = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class _Exact(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=False)


class Ref(_Exact):
    """A reference: where a record is."""

    href: HttpUrl
    sourcedId: SourcedId
    type: str


class OrgRef(Ref):
    type: Literal["org"]


class UserRef(Ref):
    type: Literal["user"]


class ClassRef(Ref):
    type: Literal["class"]


class CourseRef(Ref):
    type: Literal["course"]


class SessionRef(Ref):
    type: Literal["academicSession"]


class _Base(_Exact):
    sourcedId: SourcedId
    status: Literal["active", "tobedeleted"]
    dateLastModified: AwareDatetime
    metadata: dict[str, Any] | None = None


class AcademicSession(_Base):
    title: str
    startDate: date
    endDate: date
    type: Literal["gradingPeriod", "semester", "schoolYear", "term"] | Extension
    parent: SessionRef | None = None
    children: list[SessionRef] = []
    schoolYear: str


class Org(_Base):
    name: str
    type: Literal["department", "district", "local", "national", "school", "state"] | Extension
    identifier: str
    parent: OrgRef | None = None
    children: list[OrgRef] = []


class Course(_Base):
    title: str
    schoolYear: SessionRef | None = None
    courseCode: str
    grades: list[str] = []
    subjects: list[str] = []
    org: OrgRef | None = None
    subjectCodes: list[str] = []


class Class(_Base):
    title: str
    classCode: str | None = None
    classType: Literal["homeroom", "scheduled"] | Extension | None = None
    location: str | None = None
    grades: list[str] = []
    subjects: list[str] = []
    course: CourseRef
    school: OrgRef
    terms: list[SessionRef]
    subjectCodes: list[str] = []
    periods: list[str] = []


class Role(_Exact):
    roleType: Literal["primary", "secondary"]
    role: (
        Literal[
            "aide",
            "counselor",
            "districtAdministrator",
            "guardian",
            "parent",
            "principal",
            "proctor",
            "relative",
            "siteAdministrator",
            "student",
            "systemAdministrator",
            "teacher",
        ]
        | Extension
    )
    org: OrgRef
    beginDate: date | None = None
    endDate: date | None = None


class User(_Base):
    userMasterIdentifier: str | None = None
    username: str | None = None
    enabledUser: Truth
    givenName: str
    familyName: str
    middleName: str | None = None
    preferredFirstName: str | None = None
    preferredMiddleName: str | None = None
    preferredLastName: str | None = None
    roles: list[Role] = Field(min_length=1)
    primaryOrg: OrgRef | None = None
    agents: list[UserRef] = []
    grades: list[str] = []


class Enrollment(_Base):
    user: UserRef
    class_: ClassRef = Field(alias="class")
    school: OrgRef
    role: Literal["administrator", "proctor", "student", "teacher"] | Extension
    primary: Truth | None = None
    beginDate: date | None = None
    endDate: date | None = None


class Demographics(_Base):
    birthDate: date | None = None
    sex: Literal["male", "female", "unspecified", "other"] | Extension | None = None


class CodeMinorField(_Exact):
    imsx_codeMinorFieldName: str
    imsx_codeMinorFieldValue: Literal[
        "fullsuccess",
        "invalid_filter_field",
        "invalid_selection_field",
        "invaliddata",
        "unauthorisedrequest",
        "forbidden",
        "server_busy",
        "unknownobject",
        "internal_server_error",
    ]


class CodeMinor(_Exact):
    imsx_codeMinorField: list[CodeMinorField] = Field(min_length=1)


class Status(_Exact):
    """What every answer but success says."""

    imsx_codeMajor: Literal["success", "processing", "failure", "unsupported"]
    imsx_severity: Literal["status", "warning", "error"]
    imsx_description: str | None = None
    imsx_CodeMinor: CodeMinor | None = None


COLLECTIONS: dict[str, type[_Base]] = {
    "academicSessions": AcademicSession,
    "orgs": Org,
    "courses": Course,
    "classes": Class,
    "users": User,
    "enrollments": Enrollment,
    "demographics": Demographics,
}
SINGLES: dict[str, type[_Base]] = {
    "academicSession": AcademicSession,
    "org": Org,
    "course": Course,
    "class": Class,
    "user": User,
    "enrollment": Enrollment,
    "demographics": Demographics,
}
READS = {
    "academicSessions": "academicSessions",
    "terms": "academicSessions",
    "gradingPeriods": "academicSessions",
    "orgs": "orgs",
    "schools": "orgs",
    "courses": "courses",
    "classes": "classes",
    "users": "users",
    "students": "users",
    "teachers": "users",
    "enrollments": "enrollments",
    "demographics": "demographics",
    "schools/{school}/classes": "classes",
    "schools/{school}/courses": "courses",
    "schools/{school}/terms": "academicSessions",
    "schools/{school}/enrollments": "enrollments",
    "schools/{school}/students": "users",
    "schools/{school}/teachers": "users",
    "schools/{school}/classes/{class}/enrollments": "enrollments",
    "schools/{school}/classes/{class}/students": "users",
    "schools/{school}/classes/{class}/teachers": "users",
    "classes/{class}/students": "users",
    "classes/{class}/teachers": "users",
    "courses/{course}/classes": "classes",
    "terms/{term}/classes": "classes",
    "terms/{term}/gradingPeriods": "academicSessions",
    "students/{student}/classes": "classes",
    "teachers/{teacher}/classes": "classes",
    "users/{student}/classes": "classes",
}
"""Every collection the service has to answer, and the member that holds it."""
