//! Parameters that know their SQL type, so that a statement needs no preparing: one round trip instead of two, and no
//! named statement that a transaction-mode pooler would mix up.

use jiff::Timestamp;
use rust_decimal::Decimal;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use crate::kernel::ids::{
    ApiKeyId, AppointmentId, AssistantId, AttemptId, AuditEntryId, CallId, CampaignId, ConsentId, ContactId,
    DecisionId, DoNotCallId, GdprRequestId, ImportId, InvitationId, MessageId, OneTimeTokenId,
    OrganizationId, OutboxId, SessionId, UserId,
};

/// A Rust type with its SQL type.
pub trait SqlType {
    /// The type of one value.
    const TYPE: Type;
    /// The type of an array of them.
    const ARRAY: Type;
}

/// A value that can be given to a statement.
pub trait Param: ToSql + Sync {
    /// Its SQL type.
    fn sql_type(&self) -> Type;
    /// As the driver wants it.
    fn as_sql(&self) -> &(dyn ToSql + Sync);
}

macro_rules! sql_types {
    ($($rust:ty => $one:ident, $many:ident;)+) => { $(
        impl SqlType for $rust {
            const TYPE: Type = Type::$one;
            const ARRAY: Type = Type::$many;
        }
    )+ };
}

sql_types! {
    bool => BOOL, BOOL_ARRAY;
    i32 => INT4, INT4_ARRAY;
    i64 => INT8, INT8_ARRAY;
    f64 => FLOAT8, FLOAT8_ARRAY;
    str => TEXT, TEXT_ARRAY;
    String => TEXT, TEXT_ARRAY;
    Uuid => UUID, UUID_ARRAY;
    Timestamp => TIMESTAMPTZ, TIMESTAMPTZ_ARRAY;
    jiff::civil::Date => DATE, DATE_ARRAY;
    Decimal => NUMERIC, NUMERIC_ARRAY;
    serde_json::Value => JSONB, JSONB_ARRAY;
    OrganizationId => UUID, UUID_ARRAY;
    UserId => UUID, UUID_ARRAY;
    SessionId => UUID, UUID_ARRAY;
    ApiKeyId => UUID, UUID_ARRAY;
    OneTimeTokenId => UUID, UUID_ARRAY;
    InvitationId => UUID, UUID_ARRAY;
    AuditEntryId => UUID, UUID_ARRAY;
    AssistantId => UUID, UUID_ARRAY;
    ContactId => UUID, UUID_ARRAY;
    CampaignId => UUID, UUID_ARRAY;
    AttemptId => UUID, UUID_ARRAY;
    CallId => UUID, UUID_ARRAY;
    DecisionId => UUID, UUID_ARRAY;
    ConsentId => UUID, UUID_ARRAY;
    MessageId => UUID, UUID_ARRAY;
    DoNotCallId => UUID, UUID_ARRAY;
    OutboxId => UUID, UUID_ARRAY;
    GdprRequestId => UUID, UUID_ARRAY;
    ImportId => UUID, UUID_ARRAY;
    AppointmentId => UUID, UUID_ARRAY;
}

/// Bytes, where a `Vec<u8>` would read as an array of numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bytes(pub Vec<u8>);

impl ToSql for Bytes {
    fn to_sql(
        &self,
        sql_type: &Type,
        out: &mut bytes::BytesMut,
    ) -> Result<tokio_postgres::types::IsNull, Box<dyn std::error::Error + Sync + Send>> {
        self.0.as_slice().to_sql(sql_type, out)
    }

    fn accepts(sql_type: &Type) -> bool {
        *sql_type == Type::BYTEA
    }

    tokio_postgres::types::to_sql_checked!();
}

impl SqlType for Bytes {
    const TYPE: Type = Type::BYTEA;
    const ARRAY: Type = Type::BYTEA_ARRAY;
}

impl<T: SqlType + ?Sized> SqlType for &T {
    const TYPE: Type = T::TYPE;
    const ARRAY: Type = T::ARRAY;
}

impl<T: SqlType> SqlType for Option<T> {
    const TYPE: Type = T::TYPE;
    const ARRAY: Type = T::ARRAY;
}

impl<T: SqlType> SqlType for Vec<T> {
    const TYPE: Type = T::ARRAY;
    const ARRAY: Type = T::ARRAY;
}

impl<T: SqlType> SqlType for &[T] {
    const TYPE: Type = T::ARRAY;
    const ARRAY: Type = T::ARRAY;
}

impl<T: SqlType + ToSql + Sync> Param for T {
    fn sql_type(&self) -> Type {
        T::TYPE
    }

    fn as_sql(&self) -> &(dyn ToSql + Sync) {
        self
    }
}
