using System.Net.Sockets;
using Gache.Server.Options;
using Microsoft.AspNetCore.Connections;

namespace Gache.Server.Hosting;

/// <summary>Says why the API port could not be opened, and what to do.</summary>
internal static class BindFailure
{
    /// <summary>True for what binding throws.</summary>
    public static bool Is(Exception failure) => failure is IOException or SocketException or AddressInUseException;

    /// <summary>One line for the user.</summary>
    public static string Words(Exception failure, ServerOptions options)
    {
        string where = options.Listen.Count == 0
            ? $"localhost:{options.Port}"
            : string.Join(", ", options.Listen.Select(address => new System.Net.IPEndPoint(address, options.Port)));
        SocketError? error = Chain(failure).OfType<SocketException>().FirstOrDefault()?.SocketErrorCode;
        return error switch
        {
            SocketError.AddressAlreadyInUse => $"the API port is in use: {where}; choose another with -p, or stop what uses it",
            SocketError.AddressNotAvailable => $"no such address on this machine: {where}; see --listen",
            SocketError.AccessDenied => $"this user may not open the port: {where}; choose one above 1023 with -p",
            _ => $"cannot listen on {where}: {failure.GetBaseException().Message}",
        };
    }

    private static IEnumerable<Exception> Chain(Exception? failure)
    {
        for (; failure is not null; failure = failure.InnerException) yield return failure;
    }
}
