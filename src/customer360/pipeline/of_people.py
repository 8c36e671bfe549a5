"""The part of the public API about individual customers; `customer360.Customer360` inherits it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from customer360.people.forget import Forgetting
    from customer360.postgres.connection import Database
    from customer360.postgres.forgotten import ForgottenDay
    from customer360.web.store import Results


class OfPeople:
    """The methods of a session for the customers behind the numbers."""

    _waits: tuple[float, float]
    _results: Results | None

    @property
    def database(self) -> Database:
        raise NotImplementedError

    def people(
        self,
        where: Mapping[str, Any] | None = None,
        measure: str | None = None,
        *,
        columns: Sequence[str] | None = None,
        sort: str = "customer_id",
        limit: int | None = None,
        parameters: Mapping[str, float] | None = None,
        audience: str | None = None,
    ) -> pd.DataFrame:
        """
        The customers behind a number of the report, one row each: as many as it counts, or those it adds up.

        *where* is that of `ask`. With *measure*, only the customers that it counts, for a ratio those of its
        numerator; if it is a sum, the last column is what each customer adds. *columns* are those of
        customer_profiles, and name, email and source_id; *sort* is a column, with a leading minus for highest
        first; *limit* is the maximum number of rows; *parameters* are those of the measure; *audience* is a saved
        audience that the customers are also in. Each list is recorded in the access log.

        Raises: Invalid for an unknown name, with the nearest, and for a measure that is not about individual
        customers; Refused without the rights of customer360_people; Unavailable without results.

            >>> where = {"loyalty_status": "Gold", "country": "Spain"}
            >>> gold = c.people(where, sort="-spent")
            >>> gold.columns[:3].tolist()
            ['customer_id', 'name', 'email']
            >>> [number] = c.ask("total_customers", where=where).total_customers
            >>> len(gold) == number
            True
        """
        from customer360.pipeline.people import Chosen, people_frame, results_of

        chosen = Chosen(where or {}, measure, parameters or {}, audience)
        self._results = results_of(self.database, self._results)
        return people_frame(self.database, chosen, self._results, columns=columns, sort=sort, limit=limit)

    def about(self, customer: int | str) -> dict[str, Any]:
        """
        Everything known about the customer with this customer_id or source_id, ready for JSON.

        The customer's rows in each table, rejected rows, audiences, and entries of the access log.

        Raises: Invalid when no customer has the id.

            >>> [*c.about(17)["tables"]][:2]
            ['public.customers', 'public.events']
        """
        from customer360.people.about import about

        return about(self.database, str(customer))

    def forget(self, customer: int | str) -> Forgetting:
        """
        Deletes the customer with this customer_id or source_id from every table, permanently.

        Every total changes by this one customer, open dashboards follow, and a later load or run rejects rows with
        this id. `remains` of the result lists what still contains the customer elsewhere.

        Raises: Invalid when no customer has the id; Unavailable when another run does not end in time.

            >>> c.forget(17).remains
            ()
        """
        from customer360.people.forget import forget

        return forget(self.database, str(customer), wait_seconds=self._waits[0])

    def forgotten(self) -> list[ForgottenDay]:
        """
        How many customers were forgotten on each day; who they were is not recorded.

            >>> [day.customers for day in c.forgotten()]
            [1]
        """
        from customer360.postgres.forgotten import forgotten_days

        with self.database.connect("customer360 forget") as connection:
            return forgotten_days(connection)
