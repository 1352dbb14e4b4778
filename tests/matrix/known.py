"""What is known to be wrong: each is proved by a test that fails until it is mended, and then says so.

Only ever shorter. Name of the test → where it is wrong and what would be right.
"""

_REGISTRY_STEP_UP = (
    "services/registry/attendance/api.py: no route asks step_up_needed; after the decision of `_see` and `_source` (and"
    " in list_classes) the board's setting `step_up` has to be read and step_up() raised"
)

_REGISTRY_KEPT_FROM = (
    "services/registry/attendance/api.py `read_roll`: lists every member; a child whose protection names the asker"
    " (protection_period.confidential_from) has to be left out, as dashboard's SeePupil does"
)

_REGISTRY_SCHOOLS = (
    "services/registry/attendance/api.py narrows the transaction to the school of the class that was asked for, not to"
    " the schools of the asker, and r0001_first_facts.py protects enrolment_period, membership_period and calendar by"
    " board only although their school_id is not null (decisions.md §4): without its policy registry shows every school"
)

KNOWN: dict[str, str] = {
    "test_rows_are_bound_by_school[registry]": _REGISTRY_SCHOOLS,
    "test_the_owner_hides_the_child_from_whom_it_is_kept[directly]": _REGISTRY_KEPT_FROM,
    "test_the_owner_hides_the_child_from_whom_it_is_kept[through the origin]": _REGISTRY_KEPT_FROM,
    **{
        f"test_step_up_comes_last[{operation}]": _REGISTRY_STEP_UP
        for operation in (
            "registry GET /v1/classes",
            "registry GET /v1/classes/{class_id}/days/{on}/roll",
            "registry POST /v1/classes/{class_id}/days/{on}/roll",
            "dashboard GET /api/{service}/v1/{path:path}",
            "dashboard POST /api/{service}/v1/{path:path}",
        )
    },
}
