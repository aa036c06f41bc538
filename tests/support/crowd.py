"""Very many members with names as people have them, made by PostgreSQL itself: a million in some thirty seconds."""

from __future__ import annotations

from loyalty.store.database import Connection

FIRST_NAMES = (
    "Ada", "Aisha", "Alan", "Amara", "Ana", "Anna", "Anton", "Bea", "Björn", "Carl", "Chidi", "Chloe", "Dana",
    "Dora", "Edsger", "Elena", "Emil", "Emma", "Fatima", "Fay", "George", "Grace", "Gus", "Hana", "Hedy", "Hugo",
    "Ida", "Ines", "Ivan", "Jan", "Joan", "Jon", "Karen", "Katherine", "Kim", "Lea", "Leo", "Linus", "Luca",
    "Maria", "Mark", "Martin", "Mary", "Max", "Mia", "Nadia", "Niklaus", "Nora", "Olga", "Otto", "Pia", "Quinn",
    "Radia", "Rosa", "Sam", "Sofia", "Tess", "Uma", "Vera", "Will", "Xena", "Yara", "Zoe",
)  # fmt: skip
LAST_NAMES = (
    "Abel", "Adams", "Allen", "Baker", "Bell", "Berg", "Brown", "Byron", "Carter", "Clark", "Cruz", "Davies",
    "Dean", "Diaz", "Evans", "Fischer", "Fox", "Garcia", "Green", "Hall", "Hill", "Hopper", "Irwin", "Jackson",
    "Jones", "Khan", "King", "Klein", "Lamarr", "Lovelace", "Marley", "Marsh", "Meyer", "Miller", "Moore", "Nash",
    "Nguyen", "Novak", "Okafor", "Owen", "Perlman", "Price", "Quick", "Reed", "Rossi", "Santos", "Schmidt", "Small",
    "Smith", "Smythe", "Stone", "Torres", "Turing", "Turner", "Upton", "Vance", "Walker", "Weber", "Wirth", "Wood",
    "Wright", "Young", "Zimmer",
)  # fmt: skip


async def add_crowd(conn: Connection, members: int) -> None:
    """So many members more, each with a card (`crowd-1` to `crowd-N`), an email and a wallet, the last one the newest.

    One in 500 is suspended. What PostgreSQL knows of the tables is brought up to date, as autovacuum would.
    """
    await conn.execute("set statement_timeout = 0")  # a million take longer than any statement of Laurel may
    async with conn.transaction():
        await conn.execute(_MEMBERS, members, FIRST_NAMES, LAST_NAMES, timeout=FILL_SECONDS)
        await conn.execute(_WALLETS, timeout=FILL_SECONDS)
    await conn.execute("vacuum (analyze) member, wallet", timeout=FILL_SECONDS)
    await conn.execute("reset statement_timeout")


FILL_SECONDS = 600
_MEMBERS = """
insert into member (id, external_id, email, name, status, created_at)
select uuidv7(), 'crowd-' || n, lower(first || '.' || last || n) || '@example.com', first || ' ' || last,
  case when n % 500 = 0 then 'suspended' else 'active' end, now()
from (
  select n, ($2::text[])[1 + (hashint4(n) & 2147483647) % cardinality($2::text[])] as first,
    ($3::text[])[1 + (hashint4(n) & 2147483647) / 64 % cardinality($3::text[])] as last
  from generate_series(1, $1::int) n
) people
"""
_WALLETS = """
insert into wallet (member_id, updated_at)
select id, created_at from member m where external_id like 'crowd-%'
  and not exists (select from wallet where member_id = m.id)
"""
