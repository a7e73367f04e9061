//! Keys in a token: a smart card, a hardware security module, or software that stands in for one. The key never
//! leaves it. Whether the token is hardware is what its slot says; SoftHSM says that it is not (decision D19).

use std::path::Path;
use std::sync::Mutex;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use iia_core::sign::{KeyOrigin, PublicKey, SignError, Signature, Signer};
use zeroize::Zeroizing;

use super::KeyError;

/// A key in a token, with the session that uses it.
pub struct TokenKey {
    // One operation at a time: a session of PKCS#11 knows one.
    session: Mutex<Session>,
    key: ObjectHandle,
    public: PublicKey,
    origin: KeyOrigin,
}

impl TokenKey {
    /// Opens the key named `label` in the token named `token`, through the library `module`.
    ///
    /// # Errors
    /// [`KeyError::Token`], [`KeyError::WrongAlgorithm`].
    pub fn open(
        module: &Path,
        token: &str,
        label: &str,
        pin: &Zeroizing<String>,
    ) -> Result<Self, KeyError> {
        let context = Pkcs11::new(module).map_err(refused)?;
        let flags = CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK);
        context.initialize(flags).map_err(refused)?;
        let slot = slot(&context, token)?;
        let hardware = context
            .get_slot_info(slot)
            .map_err(refused)?
            .hardware_slot();
        let session = context.open_ro_session(slot).map_err(refused)?;
        let pin = AuthPin::new(pin.as_str().into());
        session.login(UserType::User, Some(&pin)).map_err(refused)?;
        let key = object(&session, ObjectClass::PRIVATE_KEY, label)?;
        let public = object(&session, ObjectClass::PUBLIC_KEY, label)?;
        let public = point(&session, public)?;
        Ok(Self {
            session: Mutex::new(session),
            key,
            public,
            origin: if hardware {
                KeyOrigin::Hardware
            } else {
                KeyOrigin::Software
            },
        })
    }
}

impl Signer for TokenKey {
    fn public_key(&self) -> PublicKey {
        self.public
    }

    fn origin(&self) -> KeyOrigin {
        self.origin
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        let session = self.session.lock().map_err(|_| SignError::Unavailable)?;
        let mechanism = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Ed25519));
        let bytes = session.sign(&mechanism, self.key, message);
        let bytes = bytes.map_err(|_| SignError::Unavailable)?;
        let bytes = bytes.try_into().map_err(|_| SignError::Unavailable)?;
        let signature = Signature::from_bytes(bytes);
        // A token that signs something else is found here and not on the box.
        self.public.verify(message, &signature)?;
        Ok(signature)
    }
}

fn slot(context: &Pkcs11, token: &str) -> Result<Slot, KeyError> {
    for slot in context.get_slots_with_token().map_err(refused)? {
        let info = context.get_token_info(slot).map_err(refused)?;
        if info.label() == token {
            return Ok(slot);
        }
    }
    let detail = format!("no token is named {token}");
    Err(KeyError::Token { detail })
}

fn object(session: &Session, class: ObjectClass, label: &str) -> Result<ObjectHandle, KeyError> {
    let template = [
        Attribute::Class(class),
        Attribute::Label(label.as_bytes().to_vec()),
    ];
    let found = session.find_objects(&template).map_err(refused)?;
    let [one] = found.as_slice() else {
        let detail = format!("{} objects of this kind are named {label}", found.len());
        return Err(KeyError::Token { detail });
    };
    Ok(*one)
}

/// The public key's point: an octet string of 32 bytes, or, of older tokens, the bytes themselves.
fn point(session: &Session, public: ObjectHandle) -> Result<PublicKey, KeyError> {
    let wanted = [AttributeType::KeyType, AttributeType::EcPoint];
    let attributes = session.get_attributes(public, &wanted).map_err(refused)?;
    if !attributes.contains(&Attribute::KeyType(KeyType::EC_EDWARDS)) {
        return Err(KeyError::WrongAlgorithm);
    }
    let point = attributes.iter().find_map(|attribute| match attribute {
        Attribute::EcPoint(point) => Some(point.as_slice()),
        _ => None,
    });
    let point = point.ok_or(KeyError::WrongAlgorithm)?;
    let bytes = point.strip_prefix(b"\x04\x20").unwrap_or(point);
    let bytes = bytes.try_into().map_err(|_| KeyError::WrongAlgorithm)?;
    Ok(PublicKey::from_bytes(bytes))
}

fn refused(error: cryptoki::error::Error) -> KeyError {
    KeyError::Token {
        detail: error.to_string(),
    }
}
