"""/referrals: who brought whom, and on what terms."""

from api.admin.calls import actor_of, answer_page
from api.admin.table import change, read, tagged
from api.kit.routes import ADMIN, Answer, Call, Download
from loyalty.services import referring
from loyalty.store import referrals
from schemas.admin.referrals import ReferralFilter, ReferralPage, ReferralTerms


async def list_referrals(call: Call[None, ReferralFilter]) -> Answer | Download:
    return await answer_page(call, referrals.list_referrals, "referrals", lambda row: row.referred_id)


async def get_terms(call: Call[None, None]) -> Answer:
    return Answer(200, (await referrals.get_terms(call.conn)).terms)


async def replace_terms(call: Call[ReferralTerms, None]) -> Answer:
    return Answer(200, await referring.replace_terms(call.conn, call.body, actor_of(call), call.deps.clock))


ROUTES = tagged(
    "Referrals",
    read("/referrals", list_referrals, "Find who brought whom", ReferralPage, ReferralFilter),
    read("/referrals/terms", get_terms, "Get the terms of referrals", ReferralTerms),
    change(
        "PUT",
        "/referrals/terms",
        replace_terms,
        "Replace the terms of referrals",
        ADMIN,
        ReferralTerms,
        {200: ReferralTerms},
    ),
)
