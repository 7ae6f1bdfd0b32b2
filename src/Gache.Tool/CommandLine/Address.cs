using System.CommandLine;
using System.Globalization;
using System.Net;

namespace Gache.Tool.CommandLine;

/// <summary>Addresses as <c>HOST:PORT</c> on the command line.</summary>
internal static class Address
{
    /// <summary>An option that takes one.</summary>
    public static Option<string?> Option(string name, string placeholder, string description)
    {
        var option = new Option<string?>(name) { HelpName = placeholder, Description = description };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !IsValid(text)) result.AddError(Words(name, text));
        });
        return option;
    }

    /// <summary>An argument that is one.</summary>
    public static Argument<string> Argument(string name, string description)
    {
        var argument = new Argument<string>(name) { Description = description };
        argument.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !IsValid(text)) result.AddError(Words(name, text));
        });
        return argument;
    }

    private static string Words(string name, string text) => $"{name} '{text}' is not possible: an address is HOST:PORT, as in 127.0.0.1:8001";

    /// <summary>Whether a text is one.</summary>
    public static bool IsValid(string text)
    {
        int colon = text.LastIndexOf(':');
        return colon > 0
            && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            && port is >= 1 and <= IPEndPoint.MaxPort
            && Uri.CheckHostName(text[..colon].Trim('[', ']')) is not UriHostNameType.Unknown;
    }
}
