"""People by hand: what a card said before, who wrote it and why, and words to find people by."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import protect

revision = "r0005"
down_revision = "r0004"

_CARD = (
    "legal_family, legal_given, common_family, common_given, kana_family, kana_given, legal_kana_family,"
    " legal_kana_given, birth_date, sex"
)

SQL = f"""
alter table person
    add column revision integer not null default 1,
    add column act text not null default 'import' check (act in ('import', 'entry', 'correction', 'change')),
    add column recorded_by text,
    add column holds_from date,
    add column reason text;
comment on column person.act is 'entry: a new card by hand; correction: it was wrong; change: another from holds_from';

create table person_past (
    person_id uuid not null references person,
    revision integer not null,
    board_id uuid not null,
    legal_family text not null,
    legal_given text not null,
    common_family text,
    common_given text,
    kana_family text,
    kana_given text,
    legal_kana_family text,
    legal_kana_given text,
    birth_date date,
    sex text not null,
    act text not null,
    recorded_at timestamptz not null,
    recorded_by text,
    holds_from date,
    reason text,
    run_id uuid,
    replaced_at timestamptz not null,
    primary key (person_id, revision)
);
comment on table person_past is 'cards as they read before; the newest is the row of person';

-- Whoever writes over a card (a person, an import, its revert) leaves what it said before.
create function keep_card() returns trigger language plpgsql as $$
begin
    if (old.legal_family, old.legal_given, old.common_family, old.common_given, old.kana_family, old.kana_given,
        old.legal_kana_family, old.legal_kana_given, old.birth_date, old.sex)
       is not distinct from
       (new.legal_family, new.legal_given, new.common_family, new.common_given, new.kana_family, new.kana_given,
        new.legal_kana_family, new.legal_kana_given, new.birth_date, new.sex) then
        return new;
    end if;
    insert into person_past (person_id, revision, board_id, {_CARD}, act, recorded_at, recorded_by, holds_from, reason,
                             run_id, replaced_at)
    select old.id, old.revision, old.board_id, {", ".join(f"old.{each}" for each in _CARD.split(", "))}, old.act,
           old.recorded_at, old.recorded_by, old.holds_from, old.reason, old.run_id, new.recorded_at;
    new.revision := old.revision + 1;
    if new.run_id is not null then
        new.act := 'import';
        new.recorded_by := null;
        new.holds_from := null;
        new.reason := null;
    end if;
    return new;
end $$;
create trigger person_keep_card before update on person for each row execute function keep_card();

-- The lines of the shadow text, each with an index of its own: a prefix of any of them finds the person. Plain columns,
-- because behind row-level security only a comparison of columns may use an index.
alter table person
    add column find_1 text generated always as (nullif(split_part(search, e'\\n', 1), '')) stored,
    add column find_2 text generated always as (nullif(split_part(search, e'\\n', 2), '')) stored,
    add column find_3 text generated always as (nullif(split_part(search, e'\\n', 3), '')) stored,
    add column find_4 text generated always as (nullif(split_part(search, e'\\n', 4), '')) stored;
create index person_find_1 on person (find_1);
create index person_find_2 on person (find_2);
create index person_find_3 on person (find_3) where find_3 is not null;
create index person_find_4 on person (find_4) where find_4 is not null;

create index enrolment_school on enrolment_period (school_id) where voided_at is null;
create index duty_organisation on duty_period (organisation_id) where voided_at is null;
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, SQL)
    run_script(connection, "revoke all on function keep_card() from public")
    run_script(connection, protect("registry", "person_past"))
    run_script(connection, "grant select, insert on person_past to registry_app")


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
