namespace Gache.Store;

/// <summary>What a command asks for. A new kind is proposed only after the feature level that brings it is in force.</summary>
public enum CommandKind : byte
{
    /// <summary>Sets a key's value (POST).</summary>
    Set = 1,

    /// <summary>Sets a key's value; the caller asks whether the key was there (PUT).</summary>
    Put = 2,

    /// <summary>Removes a key (DELETE).</summary>
    Delete = 3,

    /// <summary>Only moves the store's time forward.</summary>
    Time = 4,
}
